using Plume.Cli.Errors;
using Plume.Cli.Outputs;
using Plume.Cli.Setup;
using Plume.Cli.Terminal;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Models.Graph;
using Plume.Models.Onnx;

namespace Plume.Cli.Evaluation;

/// <summary>Writes a rewritten model once ONNX Runtime has computed with its bytes what was measured.</summary>
static class CheckedFile
{
    const int SamplesOfACheck = 32;

    // A tenth of what the outputs say.
    const double MuchLost = 0.1;

    /// <summary>A check on samples, or on random inputs where there are none.</summary>
    public static RewriteCheck CheckOn(ModelGraph graph, LabeledSet? samples, Work work) =>
        CheckOn(graph, samples is null ? null
            : model => InputErrors.Explain(() => ModelFeeds.Of(model, samples, SamplesOfACheck)), work);

    /// <summary>A check on inputs of any kind, or on random ones where there are none.</summary>
    public static RewriteCheck CheckOn(ModelGraph graph, Func<RuntimeModel, ModelFeeds>? feedsFor, Work work) =>
        CheckOn(() => new RuntimeModel(graph), feedsFor, work);

    /// <summary>The same for a model that is loaded only where inputs are made for it.</summary>
    public static RewriteCheck CheckOn(Func<RuntimeModel> load, Func<RuntimeModel, ModelFeeds>? feedsFor, Work work)
    {
        using var model = feedsFor is null ? null : load();
        return new RewriteCheck(model is null ? null : feedsFor!(model), work.Key.Fold("check"));
    }

    /// <summary>Writes a model in floats.</summary>
    /// <exception cref="RewriteMismatchException">The bytes compute something else; nothing is written.</exception>
    public static void Write(OutputFile output, ModelGraph graph, RewriteCheck check)
    {
        output.Write(file => OnnxFile.Write(graph, file));
        LoadedModel.GiveBack(output.Length);
        TellRuns(output, check.OfFloats(output.Path, LoadFrom(output)));
    }

    /// <summary>Writes a quantized model, and tells how far it is from the original.</summary>
    /// <param name="output">The file.</param>
    /// <param name="graph">The model with integers.</param>
    /// <param name="simulated">Makes the same in floats.</param>
    /// <param name="original">Loads the model before.</param>
    /// <param name="check">What to run on.</param>
    /// <exception cref="RewriteMismatchException">The bytes compute something else; nothing is written.</exception>
    public static void Write(OutputFile output, ModelGraph graph, Func<ModelGraph> simulated, Func<RuntimeModel> original,
        RewriteCheck check)
    {
        output.Write(file => OnnxFile.Write(graph, file));
        LoadedModel.GiveBack(output.Length);
        var finding = check.OfIntegers(output.Path, LoadFrom(output),
            () => LoadedModel.Of(simulated, output.Path, optimized: false), original);
        TellRuns(output, finding);
        foreach (var error in finding.Errors)
            Tell.Note($"Output '{error.Name}' {(error.IsFloat ? "has an error (NMSE)" : "differs in a share")} of "
                + $"{error.Value:0.######} against the original, in {finding.Runs} runs of ONNX Runtime on "
                + $"{(finding.IsRandom ? "random inputs" : "the data")}.");
        if (finding.Errors.Any(error => error.IsFloat && error.Value > MuchLost))
            Tell.Note($"That is much: give more bits, choose ranges by --ranges mse or 99.99%, leave activations in floats "
                + $"with --weights-only, or single layers with --layer WEIGHT=32.");
    }

    static Func<bool, RuntimeModel> LoadFrom(OutputFile output) =>
        optimized => RuntimeModel.OpenFile(output.Draft, optimized: optimized, name: output.Path);

    static void TellRuns(OutputFile output, RewriteFinding finding)
    {
        if (finding.Runs == 0)
            Tell.Note($"'{output.Path}' loads in ONNX Runtime, but was not run: no random input was found that the model runs "
                + $"on. Name data with --data to have it checked.");
    }
}
