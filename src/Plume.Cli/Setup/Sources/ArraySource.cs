using System.Globalization;
using System.IO.Compression;
using Plume.Cli.Errors;
using Plume.Cli.Terminal;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Data.Tables;
using Plume.Learning.Inference;
using Plume.Models.Graph;

namespace Plume.Cli.Setup.Sources;

/// <summary>
/// Arrays of NumPy with labels: a .npz archive with x and y, or with x_train and y_train, and maybe x_test and y_test.
/// </summary>
/// <param name="Path">The archive.</param>
/// <param name="Use">Which samples are kept for measuring, and what the labels are.</param>
/// <param name="Graph">The model that will take the samples, or null.</param>
sealed record ArraySource(string Path, TableUse Use, ModelGraph? Graph)
{
    const int MostClasses = 10_000;

    // A channel axis is short, and a side of a picture is not.
    const int MostChannels = 4;

    static readonly Normalization OfBytes = Normalization.Of(0, 255);

    /// <summary>Whether an archive has labels.</summary>
    /// <exception cref="InvalidPayloadException">It is no archive.</exception>
    public static bool IsLabeled(string path)
    {
        try
        {
            using var archive = ZipFile.OpenRead(path);
            var names = archive.Entries.Select(entry => entry.FullName).ToHashSet(StringComparer.Ordinal);
            return names.IsSupersetOf(["x.npy", "y.npy"]) || names.IsSupersetOf(["x_train.npy", "y_train.npy"]);
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidPayloadException($"File '{path}' is no whole .npz archive: {damage.Message}", damage);
        }
    }

    /// <summary>The samples to learn from and those to measure on.</summary>
    /// <param name="key">Where a share is drawn from.</param>
    /// <exception cref="CliException">Arrays do not go together, or do not say what a model needs.</exception>
    /// <exception cref="InvalidPayloadException">The archive is damaged.</exception>
    public (LabeledSet Train, LabeledSet Test) Load(RandomKey key)
    {
        var arrays = Read(Path);
        bool isSplit = arrays.ContainsKey("x_train");
        if (isSplit && arrays.ContainsKey("x_test"))
            return (Of(arrays, "train", "x_train", "y_train"), Of(arrays, "test", "x_test", "y_test"));
        var all = Of(arrays, System.IO.Path.GetFileName(Path), isSplit ? "x_train" : "x", isSplit ? "y_train" : "y");
        if (Use.Test is TestFile file)
            return (all, (this with { Path = file.Path }).Load());
        if (Use.Test is not TestShare { Share: var share })
            throw Wrong($"has no columns: the samples to measure on are share(20%) or file(OTHER.npz), but '{Use.Test}' was asked for");
        int[] order = [.. Enumerable.Range(0, all.Count)];
        new RandomDraws(key.Fold("hold-out")).Shuffle(order.AsSpan());
        int test = Math.Max(1, (int)(share * all.Count));
        return (all.Take("train", order.AsSpan(test)), all.Take("test", order.AsSpan(0, test)));
    }

    /// <summary>All samples to learn from.</summary>
    /// <exception cref="CliException">Arrays do not go together, or do not say what a model needs.</exception>
    /// <exception cref="InvalidPayloadException">The archive is damaged.</exception>
    public LabeledSet Load()
    {
        var arrays = Read(Path);
        bool isSplit = arrays.ContainsKey("x_train");
        return Of(arrays, System.IO.Path.GetFileName(Path), isSplit ? "x_train" : "x", isSplit ? "y_train" : "y");
    }

    /// <summary>Values as a model takes them, where bytes must be scaled first.</summary>
    /// <param name="set">The samples.</param>
    /// <param name="array">What they were read from.</param>
    /// <param name="path">Its file.</param>
    /// <param name="graph">The model that will take them, or null.</param>
    /// <exception cref="CliException">They are bytes, and the model does not say how values are normalized.</exception>
    public static LabeledSet Scaled(LabeledSet set, NumpyArray array, string path, ModelGraph? graph)
    {
        if (!array.IsBytes)
            return set;
        if (graph is not null && SampleSchema.Of(graph).Normalization is null)
            throw new CliException(ExitCode.Input,
                $"'{path}' has bytes (uint8), but the model does not say how its values were normalized: give 32-bit floats as it takes "
                    + "them, such as x.astype('float32') / 255.");
        if (graph is null)
            Tell.Note($"{System.IO.Path.GetFileName(path)}: Bytes (uint8) are divided by 255, as the model then says to whoever runs it.");
        return set.Normalized(graph is null ? OfBytes : SampleSchema.Of(graph).Normalization!);
    }

    static Dictionary<string, NumpyArray> Read(string path) => File.Exists(path) ? NumpyArray.ReadZip(path)
        : throw new CliException(ExitCode.Input, $"'{path}' does not exist.");

    LabeledSet Of(Dictionary<string, NumpyArray> arrays, string name, string samples, string labels)
    {
        if (!arrays.TryGetValue(samples, out var x) || !arrays.TryGetValue(labels, out var y))
            throw Wrong($"must have arrays {samples} and {labels}, but has {string.Join(", ", arrays.Keys)}");
        if (x.Shape.Count < 2 || x.Values.Length == 0)
            throw Wrong($"{samples} must be of [samples, sample shape], with a sample at least, but is [{string.Join(", ", x.Shape)}]");
        if (y.Shape.Count is not (1 or 2) || y.Values.Length != x.Shape[0])
            throw Wrong($"{labels} must have one label for each of the {x.Shape[0]} samples of {samples}, but is [{string.Join(", ", y.Shape)}]");
        int strange = Array.FindIndex(x.Values, value => !float.IsFinite(value));
        if (strange >= 0)
            throw Wrong($"{samples} must be finite, but value {strange} is {x.Values[strange]}");
        var target = Graph is null ? null : SampleSchema.Of(Graph).Target;
        var set = target is not null || Use.Terms.IsTarget ? OfTargets(name, x, y, target ?? new TargetColumn(labels))
            : OfClasses(name, x, y, labels);
        return Scaled(Use.Shaped(WithChannel(set), Graph), x, Path, Graph);
    }

    LabeledSet OfTargets(string name, NumpyArray x, NumpyArray y, TargetColumn target) =>
        Array.TrueForAll(y.Values, float.IsFinite)
            ? new LabeledSet(name, x.Values, [.. x.Shape.Skip(1)], new int[y.Values.Length], 1)
            {
                Targets = Array.ConvertAll(y.Values, target.Apply),
                Schema = new SampleSchema { Target = target },
            }
            : throw Wrong("has a number to predict that is not finite");

    LabeledSet OfClasses(string name, NumpyArray x, NumpyArray y, string labels)
    {
        int strange = Array.FindIndex(y.Values, value => !(value is >= 0 and < MostClasses && value == Math.Floor(value)));
        if (strange >= 0)
            throw Wrong($"{labels} must be classes from 0 to {MostClasses - 1}, but label {strange} is "
                + $"{y.Values[strange].ToString(CultureInfo.InvariantCulture)}; if they are numbers to predict, say --target {labels}, or data.target");
        int[] classes = Array.ConvertAll(y.Values, value => (int)value);
        int most = classes.Max() + 1;
        int known = Graph is null ? most : SampleSchema.ClassesOf(Graph) ?? most;
        return new LabeledSet(name, x.Values, [.. x.Shape.Skip(1)], classes, Math.Max(most, known));
    }

    // Pictures without an axis of channels are grey; with that axis at the end they are no order that a model takes.
    LabeledSet WithChannel(LabeledSet set) => set.SampleShape switch
    {
        [var height, var width] when Graph is null || Graph.Inputs[0] is { HasShape: true, Shape.Count: 4 } =>
            set.Shaped([1, height, width]),
        [> MostChannels, > MostChannels, 1 or 3 or 4] when Graph is null => throw Wrong(
            $"has pictures of [{string.Join(", ", set.SampleShape)}], with channels last: models take them first, as np.moveaxis(x, -1, 1) makes them"),
        _ => set,
    };

    CliException Wrong(string problem) => new(ExitCode.Input, $"'{Path}' {problem}.");
}
