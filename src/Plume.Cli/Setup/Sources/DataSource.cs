using Plume.Cli.Errors;
using Plume.Cli.Terminal;
using Plume.Compression.Randomness;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Cli.Setup.Sources;

/// <summary>The data that <c>--data</c> names: a set by name, a table, or samples without labels.</summary>
/// <param name="Samples">The training samples, for what looks at no labels: where the data has none, theirs are all 0 and mean
/// nothing.</param>
/// <param name="Test">To measure on; null for samples without labels.</param>
sealed record DataSource(LabeledSet Samples, LabeledSet? Test)
{
    /// <summary>Share of a table's rows that are kept for measuring.</summary>
    const double TestShare = 0.2;

    /// <summary>What the option's description says.</summary>
    public const string Kinds = "digits, fashion-mnist, mnist:FOLDER, a table FILE.csv, or samples without labels FILE.npy";

    /// <summary>Loads what the option names, and says on standard error what had to be done with it.</summary>
    /// <param name="name">The option's value.</param>
    /// <param name="label">The column of a table that holds the class.</param>
    /// <param name="graph">
    /// The model that will take the samples: it says which columns in which order, how values are normalized and what classes are
    /// called; flat rows take its input's shape, and samples without labels its classes. Null where there is none yet.
    /// </param>
    /// <param name="holdOut">Whether some of a table's rows are kept for measuring; otherwise all are to learn from.</param>
    /// <exception cref="CliException">The name means nothing, or a file is missing.</exception>
    /// <exception cref="InvalidPayloadException">A file is damaged, or does not have what the model takes.</exception>
    public static DataSource Load(string name, string label, ModelGraph? graph, bool holdOut = true)
    {
        string kind = name.Split(':', 2)[0];
        string? folder = name.Length > kind.Length ? name[(kind.Length + 1)..] : null;
        return (kind, Path.GetExtension(name).ToUpperInvariant()) switch
        {
            ("digits", _) => Of(Digits.Load()),
            _ when MnistFolder.Find(kind) is { } files => Of(files, folder, graph),
            (_, ".CSV" or ".GZ") => Of(Table(Existing(name), label, graph), holdOut),
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

    /// <summary>A table for a model, or as it is where there is none.</summary>
    public static LabeledSet Table(string path, string label, ModelGraph? graph, string? client = null)
    {
        var schema = graph is null ? null : SampleSchema.Of(graph);
        var table = CsvSet.Load(path, label, client, classes: graph is null || schema!.Classes is not null ? null
            : SampleSchema.ClassesOf(graph), schema: schema);
        foreach (string remark in table.Remarks)
            Tell.Note($"{Path.GetFileName(path)}: {remark}");
        return Shaped(table, graph);
    }

    /// <summary>A table's rows in two: four fifths to learn from, one fifth to measure on.</summary>
    public static (LabeledSet Train, LabeledSet Test) HoldOut(LabeledSet all, RandomKey key)
    {
        int[] order = [.. Enumerable.Range(0, all.Count)];
        new RandomDraws(key.Fold("hold-out")).Shuffle(order.AsSpan());
        int test = Math.Max(1, (int)(TestShare * all.Count));
        return (all.Take("train", order.AsSpan(test)), all.Take("test", order.AsSpan(0, test)));
    }

    /// <summary>Both parts with each value's mean and deviation over the training part taken out, where that is wanted.</summary>
    public static (LabeledSet Train, LabeledSet Test) Normalized((LabeledSet Train, LabeledSet Test) sets, bool isWanted)
    {
        if (!isWanted || sets.Train.Count == 0)
            return sets;
        var normalization = Normalization.Of(sets.Train);
        return (sets.Train.Normalized(normalization), sets.Test.Normalized(normalization));
    }

    /// <summary>A table with each column normalized to mean 0 and deviation 1 over the training rows.</summary>
    /// <exception cref="CliException">The data is no table.</exception>
    public DataSource Normalized() => Samples.Schema is { Columns: not null, Normalization: null } && Test is not null
        ? Of(Normalized((Samples, Test), isWanted: true))
        : throw new CliException(ExitCode.Usage, $"--normalize is for the columns of a table; {Samples.Name} is none.");

    static DataSource Of((LabeledSet Train, LabeledSet Test) sets) => new(sets.Train, sets.Test);

    static DataSource Of(LabeledSet table, bool holdOut) => holdOut ? Of(HoldOut(table, RandomKey.FromSeed(0)))
        : new(table, table);

    static DataSource Of(MnistFolder files, string? folder, ModelGraph? graph) => files.Missing(folder) is { } missing
        ? throw new CliException(ExitCode.Input, missing)
        : Of(files.Load(folder, graph is null ? null : SampleSchema.Of(graph)));

    static string Existing(string path) => File.Exists(path) ? path
        : throw new CliException(ExitCode.Input, $"--data names '{path}', which does not exist.");

    static LabeledSet Shaped(LabeledSet flat, ModelGraph? graph)
    {
        var input = graph?.Inputs[0];
        if (input is null || !input.HasShape || input.Shape.Skip(1).Any(length => !length.IsFixed))
            return flat;
        int[] shape = [.. input.Shape.Skip(1).Select(length => (int)length.Length)];
        return shape.Aggregate(1L, (product, length) => product * length) == flat.SampleLength ? flat.Shaped(shape) : flat;
    }

    static LabeledSet Unlabeled(string path, ModelGraph? graph)
    {
        var array = NpyFile.Read(path);
        if (array.Shape.Count < 2 || array.Shape.Contains(0))
            throw new CliException(ExitCode.Input,
                $"'{path}' must be of [samples, sample shape] with at least one sample and one value in each, but is "
                    + $"[{string.Join(", ", array.Shape)}].");
        int strange = Array.FindIndex(array.Values, value => !float.IsFinite(value));
        if (strange >= 0)
            throw new CliException(ExitCode.Input, $"'{path}' must be finite, but value {strange} is {array.Values[strange]}.");
        return new LabeledSet(Path.GetFileName(path), array.Values, [.. array.Shape.Skip(1)], new int[array.Shape[0]],
            graph is null ? 1 : SampleSchema.ClassesOf(graph) ?? 1);
    }
}
