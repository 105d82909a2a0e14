using Plume.Compression.Wire;

namespace Plume.Learning.Data;

/// <summary>
/// Sets that come as the four IDX files of MNIST: 28 x 28 pixels in ten classes, normalized to mean 0 and deviation 1.
/// </summary>
/// <param name="Name">What the set is called.</param>
/// <param name="DefaultFolder">Where its package puts it, or null.</param>
/// <param name="Mean">Mean of the training pixels, scaled to 0..1.</param>
/// <param name="Deviation">Their standard deviation.</param>
/// <param name="HowToGet">What brings the files, for the message when they are missing.</param>
public sealed record MnistFolder(string Name, string? DefaultFolder, float Mean, float Deviation, string HowToGet)
{
    const int Classes = 10;

    /// <summary>Xiao, Rasul, Vollgraf, "Fashion-MNIST", 2017, arXiv:1708.07747.</summary>
    public static MnistFolder Fashion { get; } =
        new("fashion-mnist", "/usr/share/datasets/fashion-mnist", 0.2860f, 0.3530f,
            "on Debian, 'apt-get install dataset-fashion-mnist' brings them");

    /// <summary>LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998.</summary>
    public static MnistFolder Mnist { get; } =
        new("mnist", null, 0.1307f, 0.3081f, "download the four files of MNIST and name their folder as data.folder");

    /// <summary>The set of that name, or null.</summary>
    public static MnistFolder? Find(string name) => new[] { Fashion, Mnist }.FirstOrDefault(set => set.Name == name);

    /// <summary>Reads the training and the test part.</summary>
    /// <param name="folder">Where the files lie, or null for the default folder.</param>
    /// <param name="schema">What the model takes that the samples are for: where it was trained on pixels that were normalized
    /// otherwise, so are these. Null for the set's own.</param>
    /// <exception cref="FileNotFoundException">A file is missing; the message says what brings it.</exception>
    /// <exception cref="InvalidPayloadException">A file breaks the format.</exception>
    public (LabeledSet Train, LabeledSet Test) Load(string? folder = null, SampleSchema? schema = null)
    {
        var normalization = schema?.Normalization is { Mean.Count: 1 } taken ? taken : Normalization.Of(Mean, Deviation);
        return (Load(folder, "train", "train", normalization), Load(folder, "t10k", "test", normalization));
    }

    /// <summary>The message about what is missing in the folder, or null when all four files are there.</summary>
    public string? Missing(string? folder)
    {
        string[] names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte"];
        string? place = folder ?? DefaultFolder;
        if (place is null)
            return $"{Name} has no default folder; {HowToGet}.";
        var missing = names.Where(name => Find(place, name) is null).ToList();
        return missing.Count == 0 ? null
            : $"Folder '{place}' lacks {string.Join(", ", missing)} (or the same with .gz); {HowToGet}.";
    }

    LabeledSet Load(string? folder, string prefix, string part, Normalization normalization)
    {
        if (Missing(folder) is { } problem)
            throw new FileNotFoundException(problem);
        string place = folder ?? DefaultFolder!;
        string imagePath = Find(place, $"{prefix}-images-idx3-ubyte")!, labelPath = Find(place, $"{prefix}-labels-idx1-ubyte")!;
        // From the pixel to the normalized value by a table: 256 divisions instead of 47 million.
        float[] normalized = [.. Enumerable.Range(0, 256).Select(pixel => normalization.Apply(pixel / 255f, 0))];
        var (_, labels) = IdxFile.Read(labelPath, 1, [.. Enumerable.Range(0, 256)]);
        var (shape, features) = IdxFile.Read(imagePath, 3, normalized);
        if (labels.Length != shape[0])
            throw new InvalidPayloadException(
                $"Files '{imagePath}' and '{labelPath}' must be of the same samples, but have {shape[0]} and {labels.Length}.");
        int wrong = Array.FindIndex(labels, label => label >= Classes);
        if (wrong >= 0)
            throw new InvalidPayloadException(
                $"File '{labelPath}' has label {labels[wrong]} at sample {wrong}, but labels are 0 to {Classes - 1}.");
        return new LabeledSet($"{Name} ({part})", features, [1, shape[1], shape[2]], labels, Classes)
        {
            Schema = new SampleSchema { Normalization = normalization },
        };
    }

    static string? Find(string folder, string name) =>
        new[] { name, name + ".gz" }.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
}
