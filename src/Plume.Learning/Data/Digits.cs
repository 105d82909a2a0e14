using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using Plume.Compression.Randomness;

namespace Plume.Learning.Data;

/// <summary>
/// 1,797 handwritten digits of 8 x 8 pixels, embedded in the program, so that there is something real to learn with
/// nothing else installed.
/// </summary>
/// <remarks>
/// Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
/// DOI 10.24432/C50P49, CC BY 4.0 (its test part). Pixels are scaled from 0..16 to 0..1.
/// </remarks>
public static class Digits
{
    const int Pixels = 64;
    const int TestCount = 360;

    /// <summary>The digits: 1,437 to train on and 360 to test on, always the same.</summary>
    public static (LabeledSet Train, LabeledSet Test) Load()
    {
        var rows = ReadRows();
        new RandomDraws(RandomKey.FromSeed(0).Fold("digits")).Shuffle(rows.AsSpan());
        return (SetOf("digits (train)", rows.AsSpan(TestCount)), SetOf("digits (test)", rows.AsSpan(0, TestCount)));
    }

    static int[][] ReadRows()
    {
        using var packed = Assembly.GetExecutingAssembly().GetManifestResourceStream("digits.csv.gz")!;
        using var text = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        return [.. text.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
            Array.ConvertAll(line.Split(','), number => int.Parse(number, CultureInfo.InvariantCulture)))];
    }

    static LabeledSet SetOf(string name, ReadOnlySpan<int[]> rows)
    {
        var features = new float[rows.Length * Pixels];
        var labels = new int[rows.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            for (int pixel = 0; pixel < Pixels; pixel++)
                features[row * Pixels + pixel] = rows[row][pixel] / 16f;
            labels[row] = rows[row][Pixels];
        }

        return new LabeledSet(name, features, [1, 8, 8], labels, classes: 10);
    }
}
