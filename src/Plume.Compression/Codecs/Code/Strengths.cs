using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// How strong each coded value of a block will be taken to be, by its row and its column: the mean distance from zero,
/// in the half octaves of <see cref="Activity.Level"/>. A quantizer may choose levels by what that makes them cost.
/// </summary>
sealed class Strengths
{
    byte[] rowLevels = [];
    float[] ofPlaces = [];
    Columns? columns;

    /// <summary>The rows.</summary>
    public Rows Rows { get; private set; }

    /// <summary>Whether values of a row differ.</summary>
    public bool HasColumns => columns is not null;

    /// <summary>Takes what rows are like, or the one thing that all are.</summary>
    public void Set(Rows rows, ReadOnlySpan<Activity> activities, Columns? tensorColumns)
    {
        (Rows, columns) = (rows, tensorColumns);
        if (rowLevels.Length < rows.Count)
            rowLevels = new byte[rows.Count];
        (LowestLevel, HighestLevel) = (Activity.MaxLevel, 0);
        for (int row = 0; row < rows.Count; row++)
        {
            int level = activities[Math.Min(row, activities.Length - 1)].Level;
            rowLevels[row] = (byte)level;
            (LowestLevel, HighestLevel) = (Math.Min(LowestLevel, level), Math.Max(HighestLevel, level));
        }
    }

    /// <summary>The lowest level of a row.</summary>
    public int LowestLevel { get; private set; }

    /// <summary>The highest level of a row.</summary>
    public int HighestLevel { get; private set; }

    /// <summary>The level of a row as a whole.</summary>
    public int LevelOf(int row) => rowLevels[row];

    /// <summary>Something for each place of a row, by the level of the value there; valid until the next call.</summary>
    /// <param name="rowLevel">The row's level.</param>
    /// <param name="byLevel">For each level.</param>
    public ReadOnlySpan<float> ByPlace(int rowLevel, ReadOnlySpan<float> byLevel)
    {
        if (ofPlaces.Length < Rows.Unit)
            ofPlaces = new float[Rows.Unit];
        for (int columnClass = 0; columnClass < columns!.Classes; columnClass++)
        {
            float value = byLevel[Math.Clamp(rowLevel + columns.LevelOf(columnClass), 0, Activity.MaxLevel)];
            foreach (int place in columns.Places[columns.ClassStarts[columnClass]..columns.ClassStarts[columnClass + 1]])
                ofPlaces[place] = value;
        }

        return ofPlaces.AsSpan(0, Rows.Unit);
    }
}
