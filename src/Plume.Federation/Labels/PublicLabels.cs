namespace Plume.Federation.Labels;

/// <summary>Labels of some samples of a public set: a distribution over the classes for each.</summary>
/// <param name="Samples">Which samples.</param>
/// <param name="Shares">Their distributions, one after another.</param>
public readonly record struct PublicLabels(ReadOnlyMemory<int> Samples, ReadOnlyMemory<float> Shares)
{
    /// <summary>How many samples have one.</summary>
    public int Count => Samples.Length;

    /// <summary>The labels in a table that has a row for every sample, zeros where there is none.</summary>
    public static PublicLabels In(ReadOnlySpan<float> table, int classes)
    {
        var samples = new List<int>();
        var shares = new List<float>();
        for (int sample = 0; sample * classes < table.Length; sample++)
        {
            var label = table.Slice(sample * classes, classes);
            if (!label.ContainsAnyExcept(0))
                continue;
            samples.Add(sample);
            shares.AddRange(label);
        }

        return new PublicLabels(samples.ToArray(), shares.ToArray());
    }
}
