using System.Runtime.InteropServices;

namespace Plume.Learning.Inference;

/// <summary>Reads an output as a classifier's scores: the largest of each sample's row, or the sign of a single score.</summary>
/// <param name="isProbability">Whether a single score is a probability, with its middle at 0.5; null tells it by the values,
/// which then all are from 0 to 1.</param>
sealed class ClassScores(bool? isProbability)
{
    const int MostKept = 1 << 26;

    readonly List<int> classes = [];
    readonly List<float> singles = [];
    readonly List<float> all = [];
    bool isKept = true;

    /// <summary>Numbers of a sample; 0 before the first run.</summary>
    public int Width { get; private set; }

    /// <summary>Takes the output of one run; false where it is no row of scores for each sample.</summary>
    public bool Add(IReadOnlyList<long> shape, float[] values, ModelFeed feed)
    {
        int width = feed.Batch == 0 ? 0 : values.Length / feed.Batch;
        bool isRow = shape.Count > 0 && shape[0] == feed.Batch && shape.Skip(1).Count(length => length != 1) <= 1;
        if (!isRow || width == 0 || (Width != 0 && width != Width))
            return false;
        Width = width;
        if (isKept = isKept && all.Count + (long)feed.Samples * width <= MostKept)
            all.AddRange(values.AsSpan(0, feed.Samples * width));
        else
            all.Clear();
        for (int i = 0; i < feed.Samples; i++)
        {
            if (width == 1)
                singles.Add(values[i]);
            else
                classes.Add(IndexOfLargest(values.AsSpan(i * width, width)));
        }

        return true;
    }

    /// <summary>The numbers of all samples, row after row; empty where they are too many to keep.</summary>
    public ReadOnlySpan<float> Rows => CollectionsMarshal.AsSpan(all);

    /// <summary>The class of each sample.</summary>
    public int[] Classes()
    {
        float middle = isProbability ?? singles.TrueForAll(value => value is >= 0 and <= 1) ? 0.5f : 0;
        return Width == 1 ? [.. singles.Select(value => value > middle ? 1 : 0)] : [.. classes];
    }

    static int IndexOfLargest(ReadOnlySpan<float> scores)
    {
        int best = 0;
        for (int i = 1; i < scores.Length; i++)
            best = scores[i] > scores[best] ? i : best;
        return best;
    }
}
