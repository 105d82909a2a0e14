using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Plume.Compression.Container;

namespace Plume.Cli.Setup;

/// <summary>
/// Reads a .npy array of 32-bit floats as one flat array. Source: NumPy Enhancement Proposal 1, "A Simple File Format for
/// NumPy Arrays", versions 1 to 3.
/// </summary>
static partial class NpyFile
{
    static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The values, in the order of the file.</summary>
    /// <exception cref="InvalidPayloadException">The bytes are not a whole array of little-endian 32-bit floats in row-major order, all finite.</exception>
    public static float[] Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new PayloadReader(bytes);
        if (!reader.Bytes(6, "magic").SequenceEqual(Magic))
            throw InvalidPayloadException.Field("magic", 0, "something else", "must be that of a .npy file");
        byte version = reader.UInt8("version");
        if (version is < 1 or > 3)
            throw InvalidPayloadException.Field("version", 6, version, "must be 1, 2 or 3");
        reader.UInt8("minor version");
        long length = version == 1 ? reader.UInt16("header length") : reader.UInt32("header length");
        long count = CountIn(Encoding.Latin1.GetString(reader.Bytes(length, "header")));
        var values = MemoryMarshal.Cast<byte, float>(reader.Bytes(4 * count, "values")).ToArray();
        reader.End("values");
        int bad = Array.FindIndex(values, value => !float.IsFinite(value));
        return bad < 0 ? values : throw InvalidPayloadException.Field("values", bytes.Length - 4L * (values.Length - bad), values[bad], "must be finite");
    }

    static long CountIn(string header)
    {
        if (!header.Contains("'descr': '<f4'", StringComparison.Ordinal))
            throw InvalidPayloadException.Field("header", 10, header.Trim(), "must have the type '<f4', 32-bit floats");
        if (!header.Contains("'fortran_order': False", StringComparison.Ordinal))
            throw InvalidPayloadException.Field("header", 10, header.Trim(), "must be row-major ('fortran_order': False)");
        var shape = Shape().Match(header);
        if (!shape.Success)
            throw InvalidPayloadException.Field("header", 10, header.Trim(), "must have a shape");
        long count = 1;
        foreach (Capture dimension in shape.Groups[1].Captures)
        {
            if (!int.TryParse(dimension.Value, out int size) || (count *= size) > int.MaxValue / 4)
                throw InvalidPayloadException.Field("shape", 10, shape.Value, $"must have at most {int.MaxValue / 4} values");
        }

        return count;
    }

    [GeneratedRegex(@"'shape': \((?:\s*([0-9]+)\s*,?)*\s*\)")]
    private static partial Regex Shape();
}
