namespace Plume.Federation.Labels;

/// <summary>Labels of some samples of a public set: a distribution over the classes for each.</summary>
/// <param name="Samples">Which samples.</param>
/// <param name="Shares">Their distributions, one after another.</param>
public readonly record struct PublicLabels(ReadOnlyMemory<int> Samples, ReadOnlyMemory<float> Shares)
{
    /// <summary>How many samples have one.</summary>
    public int Count => Samples.Length;
}
