using System.Globalization;
using Plume.Cli.Errors;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Models.Graph;

namespace Plume.Cli.Evaluation;

/// <summary>
/// What <c>--data</c> gives to a model that is run and not trained: samples, arrays for several inputs, or chance.
/// </summary>
/// <param name="Source">A set with one input; null for the others.</param>
/// <param name="FeedsFor">The inputs for a model that is loaded: those to calibrate on, or to measure on.</param>
sealed record ModelData(DataSource? Source, Func<RuntimeModel, ModelFeeds> FeedsFor)
{
    const string RandomName = "random";
    const int RandomRuns = 64;

    /// <summary>What the option's description says beside the sets.</summary>
    public const string MoreKinds =
        "NAME=FILE.npy,NAME=FILE.npy or FILE.npz for several inputs, or random (random:LENGTH=80,... says open lengths)";

    /// <summary>Whether the values are chance.</summary>
    public bool IsRandom { get; private init; }

    /// <summary>What to measure on, where it has labels.</summary>
    public LabeledSet? Labeled => Source?.Test;

    /// <summary>Reads what the option names.</summary>
    /// <param name="work">The option.</param>
    /// <param name="graph">The model, or null where only ONNX Runtime can read it.</param>
    /// <param name="forMeasuring">Whether the part is wanted that is kept for measuring, where there is one.</param>
    /// <param name="most">Samples at most, spread over the set; null for all.</param>
    public static ModelData Load(Work work, ModelGraph? graph, bool forMeasuring, int? most = null)
    {
        if (work.Data is { } name && (name == RandomName || name.StartsWith(RandomName + ":", StringComparison.Ordinal)))
        {
            var lengths = Lengths(name);
            return new ModelData(null,
                model => InputErrors.Explain(() =>
                    RandomFeeds.For(model, work.Key.Fold(RandomName), most is { } few ? Math.Min(few, RandomRuns)
                        : RandomRuns, lengths)))
            { IsRandom = true };
        }

        if (work.Data is { } files
            && (files.EndsWith(".npz", StringComparison.OrdinalIgnoreCase) && !IsLabeled(files, graph) || files.Contains('=', StringComparison.Ordinal)))
        {
            var arrays = files.Contains('=', StringComparison.Ordinal) ? NumpyArray.ReadAll(Named(files))
                : NumpyArray.ReadZip(Existing(files));
            return new ModelData(null, model => InputErrors.Explain(() => ArrayFeeds.For(model, files, arrays, most)));
        }

        var source = work.Load(graph);
        var set = forMeasuring ? source.Test ?? source.Samples : source.Samples;
        var taken = most is { } count ? Some(set, count) : set;
        return new ModelData(source, model => InputErrors.Explain(() => ModelFeeds.Of(model, taken)));
    }

    // A model may have inputs of these names itself.
    static bool IsLabeled(string path, ModelGraph? graph) =>
        graph is not { Inputs.Count: > 1 } && File.Exists(path) && ArraySource.IsLabeled(path);

    // Spread over the set, which may be sorted.
    static LabeledSet Some(LabeledSet set, int samples)
    {
        int count = Math.Min(samples, set.Count);
        return count == set.Count ? set
            : set.Take(set.Name, [.. Enumerable.Range(0, count).Select(i => (int)((long)set.Count * i / count))]);
    }

    static Dictionary<string, int> Lengths(string name)
    {
        var lengths = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string each in name.Split(':', 2).Skip(1).SelectMany(rest => rest.Split(',')))
        {
            string[] pair = each.Split('=', 2);
            if (pair.Length != 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                || length < 1 || !lengths.TryAdd(pair[0], length))
                throw new CliException(ExitCode.Usage,
                    $"--data random:NAME=LENGTH,... says open lengths of a model's inputs, each once, but is '{name}'.");
        }

        return lengths;
    }

    static Dictionary<string, string> Named(string text)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string each in text.Split(','))
        {
            string[] pair = each.Split('=', 2);
            if (pair.Length != 2 || pair[0].Length == 0 || !files.TryAdd(pair[0], Existing(pair[1])))
                throw new CliException(ExitCode.Usage,
                    $"--data names a file for each input, as in ids=ids.npy,mask=mask.npy, each once, but is '{text}'.");
        }

        return files;
    }

    static string Existing(string path) => File.Exists(path) ? path
        : throw new CliException(ExitCode.Input, $"--data names '{path}', which does not exist.");
}
