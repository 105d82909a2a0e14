namespace Plume.Learning.Data;

/// <summary>Samples with a class each, in memory: the features of all samples in one array, sample after sample.</summary>
public sealed class LabeledSet
{
    /// <summary>Wraps features and labels without a copy.</summary>
    /// <param name="name">What the set is called in messages.</param>
    /// <param name="features">As many floats as samples times the sample's size.</param>
    /// <param name="sampleShape">Dimensions of one sample, for example 1, 28, 28.</param>
    /// <param name="labels">One class a sample, from 0 to <paramref name="classes"/> - 1.</param>
    /// <param name="classes">Number of classes.</param>
    /// <exception cref="ArgumentException">The lengths disagree, or a label is out of its range.</exception>
    public LabeledSet(string name, float[] features, IReadOnlyList<int> sampleShape, int[] labels, int classes)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        Name = name;
        Features = features;
        SampleShape = [.. sampleShape];
        SampleLength = SampleShape.Aggregate(1, (product, dimension) => product * dimension);
        Labels = labels;
        Classes = classes;
        if (features.LongLength != (long)labels.Length * SampleLength)
            throw new ArgumentException($"Set '{name}' has {labels.Length} labels and samples of {SampleLength} values, but {features.Length} values.", nameof(features));
        int wrong = Array.FindIndex(labels, label => label < 0 || label >= classes);
        if (wrong >= 0)
            throw new ArgumentException($"A label of set '{name}' must be in 0..{classes - 1}; sample {wrong} has {labels[wrong]}.", nameof(labels));
    }

    /// <summary>What the set is called in messages.</summary>
    public string Name { get; }

    /// <summary>All samples' values.</summary>
    public float[] Features { get; }

    /// <summary>Dimensions of one sample.</summary>
    public IReadOnlyList<int> SampleShape { get; }

    /// <summary>Values of one sample.</summary>
    public int SampleLength { get; }

    /// <summary>The class of each sample.</summary>
    public int[] Labels { get; }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>Number of samples.</summary>
    public int Count => Labels.Length;
}
