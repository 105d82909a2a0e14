using Plume.Compression.Randomness;

namespace Plume.Learning.Data.Tests;

/// <summary>Inputs that tests share.</summary>
static class Some
{
    public static RandomKey Key(ulong seed = 1) => RandomKey.FromSeed(seed);

    /// <summary>Samples of one value, with labels drawn unevenly: low classes are frequent.</summary>
    public static LabeledSet Set(int count, int classes, ulong seed = 1)
    {
        var draws = new RandomDraws(Key(seed));
        int[] labels = new int[count];
        foreach (ref int label in labels.AsSpan())
            label = Math.Min(draws.NextInt(classes), draws.NextInt(classes));
        return new LabeledSet("some", new float[count], [1], labels, classes);
    }

    /// <summary>The same number of samples of each class.</summary>
    public static LabeledSet Even(int each, int classes) =>
        new("even", new float[each * classes], [1], [.. Enumerable.Range(0, each * classes).Select(sample => sample % classes)],
            classes);
}
