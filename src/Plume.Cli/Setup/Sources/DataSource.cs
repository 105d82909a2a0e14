using System.Globalization;
using Plume.Cli.Errors;
using Plume.Compression.Randomness;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Cli.Setup.Sources;

/// <summary>The data that <c>--data</c> names: a set by name, a table, or samples without labels.</summary>
/// <param name="Samples">The training samples, for what looks at no labels: where the data has none, theirs are all 0 and mean
/// nothing.</param>
/// <param name="Test">To measure on; null for samples without labels.</param>
sealed record DataSource(LabeledSet Samples, LabeledSet? Test)
{
    /// <summary>What the option's description says.</summary>
    public const string Kinds = "digits, fashion-mnist, mnist:FOLDER, images:FOLDER of PNG or JPEG in a folder for each class, a table (.csv, .tsv, .parquet, .jsonl), arrays FILE.npz with x and y, or samples without labels FILE.npy";

    /// <summary>Loads what the option names, and says on standard error what had to be done with it.</summary>
    /// <param name="name">The option's value.</param>
    /// <param name="table">How a table is read.</param>
    /// <param name="graph">
    /// The model that will take the samples: it says which columns in which order, how values are normalized and what classes are
    /// called; flat rows take its input's shape, and samples without labels its classes. Null where there is none yet.
    /// </param>
    /// <param name="holdOut">Whether some of a table's rows are kept for measuring; otherwise all are to learn from.</param>
    /// <exception cref="CliException">The name means nothing, or a file is missing.</exception>
    /// <exception cref="InvalidPayloadException">A file is damaged, or does not have what the model takes.</exception>
    public static DataSource Load(string name, TableUse table, ModelGraph? graph, bool holdOut = true)
    {
        string kind = name.Split(':', 2)[0];
        string? folder = name.Length > kind.Length ? name[(kind.Length + 1)..] : null;
        return (kind, Path.GetExtension(name).ToUpperInvariant()) switch
        {
            ("digits", _) => Of(Digits.Load()),
            _ when MnistFolder.Find(kind) is { } files => Of(files, folder, graph),
            ("images", _) when folder is not null => OfImages(folder, table, graph, holdOut),
            (_, var ending) when TableUse.Endings.Contains(ending) => Of(Existing(name), table, graph, holdOut),
            (_, ".NPZ") => Of(new ArraySource(Existing(name), table, graph), holdOut),
            (_, ".NPY") => new DataSource(Unlabeled(Existing(name), graph), null),
            _ => throw new CliException(ExitCode.Usage, $"--data is {Kinds}; '{name}' is none of these."),
        };
    }

    /// <summary>The training samples, for what learns from their labels.</summary>
    /// <param name="learner">What learns from them: "training".</param>
    /// <param name="instead">What to do with samples that have none.</param>
    /// <exception cref="CliException">The data has no labels, or no sample is left to learn from.</exception>
    public LabeledSet Train(string learner, string instead)
    {
        if (Test is null)
            throw new CliException(ExitCode.Usage,
                $"{learner} learns from labels, but '{Samples.Name}' has none: name labeled data with --data, or {instead}.");
        return Samples.Count > 0
            ? Samples
            : throw new CliException(ExitCode.Input,
                $"{learner} needs two rows or more, for one is kept to measure on, but the table has {Test.Count}.");
    }

    /// <summary>The part to measure on.</summary>
    /// <exception cref="CliException">The data has no labels.</exception>
    public LabeledSet Labeled() =>
        Test ?? throw new CliException(ExitCode.Usage,
            $"'{Samples.Name}' has no labels, so nothing can be measured on it; name labeled data with --data.");

    /// <summary>These data, for a model that can take them.</summary>
    /// <param name="file">Where the model was read from, to show.</param>
    /// <param name="graph">The model.</param>
    /// <exception cref="CliException">It cannot.</exception>
    public DataSource Fitting(string file, ModelGraph graph)
    {
        try
        {
            // Of a table of one row all is kept to measure on.
            SampleFit.Check(graph, Samples.Count > 0 ? Samples : Test ?? Samples);
            return this;
        }
        catch (MisfitException misfit)
        {
            throw new CliException(ExitCode.Input, $"'{file}' does not fit the data. {misfit.Message}", misfit);
        }
    }

    /// <summary>Refuses samples of which all have one class: nothing can be learned from them alone.</summary>
    /// <exception cref="ArgumentException">They have, or all have one number to predict.</exception>
    public static LabeledSet CheckClasses(LabeledSet train)
    {
        if (train.Targets is [var first, ..] && !train.Targets.AsSpan().ContainsAnyExcept(first))
            throw new ArgumentException($"There is nothing to learn: all {train.Count} samples to learn from have one number to predict.");
        if (train.Count > 0 && train.Classes > 1 && !train.Labels.AsSpan().ContainsAnyExcept(train.Labels[0]))
            throw new ArgumentException($"A model tells two classes or more apart, but all {train.Count} samples to learn from have the "
                + $"class '{train.Schema.Classes?[train.Labels[0]] ?? train.Labels[0].ToString(CultureInfo.InvariantCulture)}'.");
        return train;
    }

    static DataSource Of((LabeledSet Train, LabeledSet Test) sets) => new(sets.Train, sets.Test);

    static DataSource Of(string path, TableUse use, ModelGraph? graph, bool holdOut)
    {
        if (!holdOut && use.ReadAll(path, graph) is var all)
            return new(all, all);
        var split = use.Split(path, graph, RandomKey.FromSeed(0));
        return Of(use.Sets(path, split, split.Summarize, graph, "--normalize"));
    }

    static DataSource OfImages(string folder, TableUse use, ModelGraph? graph, bool holdOut)
    {
        if (!Directory.Exists(folder))
            throw new CliException(ExitCode.Input, $"--data names the folder '{folder}', which does not exist.");
        return InputErrors.Explain(() => holdOut ? Of(use.Images(folder, graph, RandomKey.FromSeed(0)))
            : use.AllImages(folder, graph) is var all ? new DataSource(all, all) : null!, ExitCode.Usage);
    }

    static DataSource Of(ArraySource arrays, bool holdOut) => InputErrors.Explain(() =>
    {
        if (holdOut)
            return Of(arrays.Load(RandomKey.FromSeed(0)));
        var all = arrays.Load();
        return new DataSource(all, all);
    }, ExitCode.Input);

    static DataSource Of(MnistFolder files, string? folder, ModelGraph? graph) => files.Missing(folder) is { } missing
        ? throw new CliException(ExitCode.Input, missing)
        : Of(files.Load(folder, graph is null ? null : SampleSchema.Of(graph)));

    static string Existing(string path) => File.Exists(path) ? path
        : throw new CliException(ExitCode.Input, $"--data names '{path}', which does not exist.");

    static LabeledSet Unlabeled(string path, ModelGraph? graph)
    {
        var array = IsOfBytes(path) ? NumpyArray.ReadAll(new Dictionary<string, string> { [path] = path })[path] : Floats(path);
        if (array.Shape.Count < 2 || array.Shape.Contains(0))
            throw new CliException(ExitCode.Input,
                $"'{path}' must be of [samples, sample shape] with at least one sample and one value in each, but is "
                    + $"[{string.Join(", ", array.Shape)}].");
        int strange = Array.FindIndex(array.Values, value => !float.IsFinite(value));
        if (strange >= 0)
            throw new CliException(ExitCode.Input, $"'{path}' must be finite, but value {strange} is {array.Values[strange]}.");
        var set = new LabeledSet(Path.GetFileName(path), array.Values, [.. array.Shape.Skip(1)], new int[array.Shape[0]],
            graph is null ? 1 : SampleSchema.ClassesOf(graph) ?? 1);
        return ArraySource.Scaled(set, array, path, graph);
    }

    static NumpyArray Floats(string path)
    {
        var file = NpyFile.Read(path);
        return new NumpyArray(file.Shape, file.Values);
    }

    // The kind of numbers stands in the header, which is text near the start.
    static bool IsOfBytes(string path)
    {
        using var file = File.OpenRead(path);
        byte[] start = new byte[128];
        int read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return start.AsSpan(0, read).IndexOf("'|u1'"u8) >= 0;
    }
}
