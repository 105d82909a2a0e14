using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Codecs;
using Plume.Compression.Files;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Learning.Shipping;
using Plume.Models.Graph;

namespace Plume.Cli.Runs;

/// <summary>The last model of a run, as it was trained and as it ships.</summary>
/// <param name="Trained">As it was trained.</param>
/// <param name="Made">What the line made of it; null where there is none.</param>
/// <param name="Line">The line; null where there is none.</param>
sealed record RunModels(ShippedModel Trained, ShippedModel? Made, ShipsLine? Line)
{
    // For all models together: a median over some thousands of samples of a small one.
    static readonly TimeSpan LatencyBudget = TimeSpan.FromSeconds(0.5);

    /// <summary>How the models are compressed: no accuracy that can be measured is lost at 8 bits a channel.</summary>
    public static Codec Floats { get; } = Codec.Parse("uniform(8, channel) | rans");

    /// <summary>What ships.</summary>
    public ShippedModel Ships => Made ?? Trained;

    /// <summary>Makes what ships of the model of the last round.</summary>
    public static RunModels Of(RunFolder folder, Experiment experiment, Inputs inputs, ModelGraph last, int threads)
    {
        var trained = ShippedModel.Of(last, inputs.Test, folder.OnnxModel);
        if (experiment.Ships is not { } line)
            return new RunModels(trained, null, null);
        // A student learns from what was trained; all else is made of floats, without channels that are dead already.
        var source = trained.IsIntegers ? last : trained.Graph;
        return new RunModels(trained,
            InputErrors.Explain(() =>
                ShippedModel.By(line, source, inputs.Ships.Work(experiment, inputs.Test, threads), inputs.Test,
                    folder.ShippedOnnx)), line);
    }

    /// <summary>Writes the files, and says what there is to say of them.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="result">What the rounds came to.</param>
    /// <param name="test">What latencies are measured on.</param>
    /// <param name="measure">Whether the latency of a model that ships as it was trained is measured, too.</param>
    public RunResult Write(RunFolder folder, RunResult result, LabeledSet test, bool measure)
    {
        double?[] latencies = measure || Made is not null ? Latencies(test) : [null, null];
        var size = Write(Trained, folder.OnnxModel, folder.PlumeModel) with { LatencyMicroseconds = latencies[0] };
        var made = Made is null ? size
            : Write(Made, folder.ShippedOnnx, folder.ShippedPlume) with { LatencyMicroseconds = latencies[1] };
        return result with
        {
            Model = size,
            Shipped = Ships.Accuracy is { } accuracy
                ? new ShippedFigures(accuracy, made.Bytes)
                {
                    PlumeBytes = made.PlumeBytes,
                    LatencyMicroseconds = made.LatencyMicroseconds,
                    Line = Line?.ToString()
                } : null,
        };
    }

    static ModelSize Write(ShippedModel model, string onnx, string plume)
    {
        byte[] compressed = model.ToPlume(Floats);
        AtomicFile.Write(onnx, model.Bytes);
        AtomicFile.Write(plume, compressed);
        return new ModelSize(model.Bytes.Length, compressed.Length);
    }

    double?[] Latencies(LabeledSet test)
    {
        ShippedModel[] models = Made is null ? [Trained] : [Trained, Made];
        var sessions = models.Select(model => new RuntimeModel("model", model.Bytes)).ToArray();
        try
        {
            return [.. Latency.Measure(sessions, test, LatencyBudget).Select(median => (double?)median.TotalMicroseconds)];
        }
        finally
        {
            Array.ForEach(sessions, session => session.Dispose());
        }
    }
}
