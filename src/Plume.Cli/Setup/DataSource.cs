using Plume.Cli.Errors;
using Plume.Compression.Container;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Learning.Data;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Cli.Setup;

/// <summary>The data that <c>--data</c> names: a set by name, a table, or samples without labels.</summary>
/// <param name="Samples">The training samples, for what looks at no labels: where the data has none, theirs are all 0 and mean nothing.</param>
/// <param name="Test">To measure on; null for samples without labels.</param>
sealed record DataSource(LabeledSet Samples, LabeledSet? Test)
{
    /// <summary>Share of a table's rows that are kept for measuring.</summary>
    const double TestShare = 0.2;

    /// <summary>What the option's description says.</summary>
    public const string Kinds = "digits, fashion-mnist, mnist:FOLDER, a table FILE.csv, or samples without labels FILE.npy";

    /// <summary>Loads what the option names.</summary>
    /// <param name="name">The option's value.</param>
    /// <param name="label">The column of a table that holds the class.</param>
    /// <param name="graph">The model that will take the samples: flat rows take its input's shape, and samples without labels its classes. Null where there is none yet.</param>
    /// <exception cref="CliException">The name means nothing, or a file is missing.</exception>
    /// <exception cref="InvalidPayloadException">A file is damaged.</exception>
    public static DataSource Load(string name, string label, ModelGraph? graph)
    {
        string kind = name.Split(':', 2)[0];
        string? folder = name.Length > kind.Length ? name[(kind.Length + 1)..] : null;
        return (kind, Path.GetExtension(name).ToUpperInvariant()) switch
        {
            ("digits", _) => Of(Digits.Load()),
            _ when MnistFolder.Find(kind) is { } files => Of(files, folder),
            (_, ".CSV" or ".GZ") => Of(HoldOut(Shaped(CsvSet.Load(Existing(name), label), graph), RandomKey.FromSeed(0))),
            (_, ".NPY") => new DataSource(Unlabeled(Existing(name), graph), null),
            _ => throw new CliException(ExitCode.Usage, $"--data is {Kinds}; '{name}' is none of these."),
        };
    }

    /// <summary>The training samples, for what learns from their labels.</summary>
    /// <param name="learner">What learns from them: "training".</param>
    /// <param name="instead">What to do with samples that have none.</param>
    /// <exception cref="CliException">The data has no labels.</exception>
    public LabeledSet Train(string learner, string instead) => Test is not null
        ? Samples
        : throw new CliException(ExitCode.Usage, $"{learner} learns from labels, but '{Samples.Name}' has none: name labeled data with --data, or {instead}.");

    /// <summary>The part to measure on.</summary>
    /// <exception cref="CliException">The data has no labels.</exception>
    public LabeledSet Labeled() => Test ?? throw new CliException(ExitCode.Usage, $"'{Samples.Name}' has no labels, so nothing can be measured on it; name labeled data with --data.");

    /// <summary>These data, for a model that can take them.</summary>
    /// <param name="file">Where the model was read from, to show.</param>
    /// <param name="graph">The model.</param>
    /// <exception cref="CliException">It cannot.</exception>
    public DataSource Fitting(string file, ModelGraph graph)
    {
        try
        {
            SampleFit.Check(graph, Samples);
            return this;
        }
        catch (MisfitException misfit)
        {
            throw new CliException(ExitCode.Input, $"'{file}' does not fit the data. {misfit.Message}", misfit);
        }
    }

    /// <summary>A table's rows in two: four fifths to learn from, one fifth to measure on.</summary>
    public static (LabeledSet Train, LabeledSet Test) HoldOut(LabeledSet all, RandomKey key)
    {
        int[] order = [.. Enumerable.Range(0, all.Count)];
        new RandomDraws(key.Fold("hold-out")).Shuffle(order.AsSpan());
        int test = Math.Max(1, (int)(TestShare * all.Count));
        return (all.Take("train", order.AsSpan(test)), all.Take("test", order.AsSpan(0, test)));
    }

    static DataSource Of((LabeledSet Train, LabeledSet Test) sets) => new(sets.Train, sets.Test);

    static DataSource Of(MnistFolder files, string? folder) => files.Missing(folder) is { } missing
        ? throw new CliException(ExitCode.Input, missing)
        : Of(files.Load(folder));

    static string Existing(string path) => File.Exists(path) ? path : throw new CliException(ExitCode.Input, $"--data names '{path}', which does not exist.");

    static LabeledSet Shaped(LabeledSet flat, ModelGraph? graph)
    {
        var input = graph?.Inputs[0];
        if (input is null || !input.HasShape || input.Shape.Skip(1).Any(length => !length.IsFixed))
            return flat;
        int[] shape = [.. input.Shape.Skip(1).Select(length => (int)length.Length)];
        return shape.Aggregate(1L, (product, length) => product * length) == flat.SampleLength
            ? new LabeledSet(flat.Name, flat.Features, shape, flat.Labels, flat.Classes)
            : flat;
    }

    static LabeledSet Unlabeled(string path, ModelGraph? graph)
    {
        var array = NpyFile.Read(path);
        if (array.Shape.Count < 2 || array.Shape.Contains(0))
            throw new CliException(ExitCode.Input, $"'{path}' must be of [samples, sample shape] with at least one sample and one value in each, but is [{string.Join(", ", array.Shape)}].");
        int strange = Array.FindIndex(array.Values, value => !float.IsFinite(value));
        if (strange >= 0)
            throw new CliException(ExitCode.Input, $"'{path}' must be finite, but value {strange} is {array.Values[strange]}.");
        int classes = graph?.Outputs[0].Shape is [_, { IsFixed: true } last] ? (int)last.Length : 1;
        return new LabeledSet(Path.GetFileName(path), array.Values, [.. array.Shape.Skip(1)], new int[array.Shape[0]], classes);
    }
}
