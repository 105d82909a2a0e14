namespace Plume.Learning.Data;

/// <summary>
/// Samples with one class each, or one number to predict each, in memory: features contiguous, sample after sample, row-major.
/// </summary>
public sealed class LabeledSet
{
    readonly int[] shape;

    /// <summary>Wraps the arrays without a copy.</summary>
    /// <param name="name">What messages call the set.</param>
    /// <param name="features">The samples one after another: labels' length x the product of the shape.</param>
    /// <param name="sampleShape">Shape of one sample without a batch dimension, e.g. 1, 28, 28.</param>
    /// <param name="labels">The class of every sample, in 0..classes-1.</param>
    /// <param name="classes">Number of classes.</param>
    /// <exception cref="ArgumentException">A length, a dimension or a label does not fit the others.</exception>
    public LabeledSet(string name, float[] features, IReadOnlyList<int> sampleShape, int[] labels, int classes)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(sampleShape);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        shape = [.. sampleShape];
        SampleLength = LengthOf(name, shape);
        if (features.LongLength != (long)labels.Length * SampleLength)
            throw new ArgumentException($"'{name}' has {labels.Length} labels for samples of {SampleLength} values, so it needs "
                +
                $"{(long)labels.Length * SampleLength} features; {features.Length} were given.", nameof(features));
        int strange = Array.FindIndex(labels, label => (uint)label >= (uint)classes);
        if (strange >= 0)
            throw new ArgumentException($"A label of '{name}' must be in 0..{classes - 1}; label {strange} is {labels[strange]}.",
                nameof(labels));
        Name = name;
        Features = features;
        Labels = labels;
        Classes = classes;
    }

    /// <summary>What messages call the set.</summary>
    public string Name { get; }

    /// <summary>
    /// All values: sample i is the slice of <see cref="SampleLength"/> values from i x <see cref="SampleLength"/>.
    /// </summary>
    public float[] Features { get; }

    /// <summary>Shape of one sample, e.g. 1, 28, 28.</summary>
    public IReadOnlyList<int> SampleShape => shape;

    /// <summary>Values of one sample: the product of <see cref="SampleShape"/>.</summary>
    public int SampleLength { get; }

    /// <summary>The class of every sample; 0 for all where they have <see cref="Targets"/>.</summary>
    public int[] Labels { get; }

    /// <summary>Number of classes; 1 where samples have <see cref="Targets"/>.</summary>
    public int Classes { get; }

    /// <summary>
    /// The number to predict of every sample, normalized as <see cref="SampleSchema.Target"/> says; null where samples have
    /// classes.
    /// </summary>
    /// <exception cref="ArgumentException">They are not one a sample and finite, or there are two classes or more.</exception>
    public float[]? Targets
    {
        get;
        init => field = value is null || value.Length == Count && Classes == 1 && Array.TrueForAll(value, float.IsFinite)
            ? value
            : throw new ArgumentException($"Targets of '{Name}' must be finite, one for each of its {Count} samples, which then have "
                + "one class.", nameof(value));
    }

    /// <summary>Whose each sample is, where the data says so.</summary>
    /// <exception cref="ArgumentException">It does not name one client a sample.</exception>
    public ClientColumn? Clients
    {
        get;
        init => field = value is null || value.Names.Count == Count
            ? value
            : throw new ArgumentException(
                $"Column '{value.Name}' names {value.Names.Count} clients for the {Count} samples of '{Name}'.", nameof(value));
    }

    /// <summary>What the samples are: names of columns and classes, and how values were normalized.</summary>
    /// <exception cref="ArgumentException">Its columns are of another number of values, or it has not one name a class.</exception>
    public SampleSchema Schema
    {
        get;
        init => field = (value.Length ?? SampleLength) == SampleLength && (value.Classes?.Count ?? Classes) == Classes
            ? value
            : throw new ArgumentException(
                $"The schema of '{Name}' must be of {SampleLength} values and {Classes} classes where it names any.",
                nameof(value));
    } = SampleSchema.None;

    /// <summary>What was done with the data that whoever gave it should know: columns that were left out, say.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Number of samples.</summary>
    public int Count => Labels.Length;

    /// <summary>The values of one sample: a view, not a copy.</summary>
    public ReadOnlySpan<float> this[int sample] => Features.AsSpan(sample * SampleLength, SampleLength);

    /// <summary>The samples of those indices, copied, in that order.</summary>
    public LabeledSet Take(string name, ReadOnlySpan<int> samples)
    {
        var features = new float[samples.Length * SampleLength];
        var labels = new int[samples.Length];
        var clients = Clients is null ? null : new string[samples.Length];
        var targets = Targets is null ? null : new float[samples.Length];
        for (int i = 0; i < samples.Length; i++)
        {
            this[samples[i]].CopyTo(features.AsSpan(i * SampleLength));
            labels[i] = Labels[samples[i]];
            if (clients is not null)
                clients[i] = Clients!.Names[samples[i]];
            if (targets is not null)
                targets[i] = Targets![samples[i]];
        }

        return new LabeledSet(name, features, shape, labels, Classes)
        {
            Targets = targets,
            Clients = clients is null ? null : new ClientColumn(Clients!.Name, clients),
            Schema = Schema,
            Remarks = Remarks,
        };
    }

    /// <summary>The same samples, not copied, as a model takes them.</summary>
    /// <param name="sampleShape">Another shape of the same number of values.</param>
    /// <exception cref="ArgumentException">It is of another number of values.</exception>
    public LabeledSet Shaped(IReadOnlyList<int> sampleShape) =>
        new(Name, Features, sampleShape, Labels, Classes)
        {
            Targets = Targets,
            Clients = Clients,
            Schema = Schema,
            Remarks = Remarks,
        };

    /// <summary>The same samples, copied, with every value normalized.</summary>
    /// <exception cref="ArgumentException">They are normalized, or there are not as many means as values of a sample.</exception>
    public LabeledSet Normalized(Normalization normalization)
    {
        ArgumentNullException.ThrowIfNull(normalization);
        if (Schema.Normalization is not null || !normalization.Fits(SampleLength))
            throw new ArgumentException($"'{Name}' is normalized already, or has not {normalization.Mean.Count} values a sample.",
                nameof(normalization));
        var features = new float[Features.Length];
        for (int i = 0; i < features.Length; i++)
            features[i] = normalization.Apply(Features[i], i % SampleLength);
        return new(Name, features, shape, Labels, Classes)
        {
            Targets = Targets,
            Clients = Clients,
            Schema = Schema with { Normalization = normalization },
            Remarks = Remarks,
        };
    }

    static int LengthOf(string name, int[] shape)
    {
        long length = 1;
        foreach (int dimension in shape)
        {
            if (dimension <= 0)
                throw new ArgumentException($"A dimension of a sample must be positive; '{name}' has {dimension}.",
                    nameof(shape));
            length *= dimension;
            if (length > Array.MaxLength)
                throw new ArgumentException($"A sample of '{name}' has too many values: [{string.Join(", ", shape)}].",
                    nameof(shape));
        }

        return (int)length;
    }
}
