namespace Plume.Compression.Weights.Formats;

/// <summary>How an array lies in a <see cref="NpyFile"/>.</summary>
/// <param name="Shape">Dimensions; empty for a scalar.</param>
/// <param name="Place">Where the shape stands in the file, for messages.</param>
/// <param name="IsDouble">Whether its values are 64-bit floats rather than 32-bit ones.</param>
/// <param name="IsColumnMajor">Whether the first index runs fastest (Fortran) rather than the last (C).</param>
readonly record struct NpyForm(int[] Shape, int Place, bool IsDouble, bool IsColumnMajor)
{
    /// <summary>Bytes of one value.</summary>
    public int ValueSize => IsDouble ? sizeof(double) : sizeof(float);
}
