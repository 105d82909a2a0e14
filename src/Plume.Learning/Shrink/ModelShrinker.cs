using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Learning.Calibration;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Inference;
using Plume.Learning.Training;
using Plume.Models.Container;
using Plume.Models.Cost;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Prune.Channels;
using Plume.Models.Prune.Connections;
using Plume.Models.Quantize;

namespace Plume.Learning.Shrink;

/// <summary>
/// Makes a model smaller step by step, and keeps the smallest one that is good enough: channels go, a share at a time; then
/// weights get 8 bits, or 4 where the target asks for it, and at last three fifths of them become zero. After each step the
/// model is trained with the original as its teacher. Source of the order, pruning before quantizing: Han, Mao, Dally, "Deep
/// Compression", 2015, arXiv:1510.00149, which prunes connections where we prune channels, so that the model becomes faster as
/// well.
/// </summary>
public sealed class ModelShrinker
{
    const int CalibrationSamples = 1000;

    // Of the parameters that are there: small enough steps to stop near the bound, few enough to be done soon.
    const double KeptInAStep = 0.6;

    // Of the way between a cut that fits the target and one that does not.
    const int Halvings = 6;

    const double PrunedAtLast = 0.6;
    const double SmallShare = 0.1;

    // Loses nothing of what was measured.
    static readonly Codec Lossless = Codec.Parse("rans");

    readonly ModelGraph original;
    readonly ShrinkOptions options;
    readonly LabeledSet validation;
    readonly LabeledSet samples;
    readonly FineTuning fineTuning;
    readonly RandomKey key;
    readonly Action<ShrinkStep>? report;
    readonly List<ShrinkStep> steps = [];
    readonly long target;
    Predictions? told;

    /// <summary>Shrinks a model.</summary>
    /// <param name="original">The model, trained, in floats.</param>
    /// <param name="train">Samples to train on; the original may have seen them.</param>
    /// <param name="validation">Samples to decide by, which the original has not been trained on: what it knows by heart is no
    /// measure.</param>
    /// <param name="options">How small, and at what cost.</param>
    /// <param name="key">Where all draws come from.</param>
    /// <param name="threads">Threads to train with; the result does not depend on it.</param>
    /// <param name="report">Told each step when it is done.</param>
    /// <exception cref="ArgumentException">The model does not fit the samples.</exception>
    public ModelShrinker(ModelGraph original, LabeledSet train, LabeledSet validation, ShrinkOptions options, RandomKey key,
        int threads = 1, Action<ShrinkStep>? report = null)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(options);
        SampleFit.Check(original, train);
        (this.original, this.validation, this.options, this.key, this.report) = (original, validation, options, key, report);
        samples = train.Take(train.Name, [.. Enumerable.Range(0, Math.Min(CalibrationSamples, train.Count))]);
        fineTuning = new FineTuning(original, train, threads: threads);
        target = (long)(options.To * OnnxFile.Write(original).Length);
    }

    /// <summary>Does the work.</summary>
    /// <exception cref="DivergedException">A training's loss is no longer finite.</exception>
    public ShrinkResult Run(CancellationToken cancellation = default)
    {
        Try("original", original, cancellation);
        var pruned = Prune(cancellation);
        // From the smallest on: the first that keeps the bound is the best.
        foreach (var (what, graph, few) in Enumerable.Reverse(pruned))
        {
            foreach (var (bits, quantized) in new[] { (8, Quantized(graph, 8, cancellation)), (4, few) })
            {
                if (bits == 8 && SizeOf(Shipped(quantized, 8)) > target && SizeOf(Shipped(few, 4)) <= target)
                    continue;
                var trained = fineTuning.Run(quantized, QuantizedTraining, key.Fold($"{what} {bits}"),
                    cancellation: cancellation);
                var step = Try($"{what}, {bits}-bit weights", Shipped(trained, bits), cancellation, trained);
                if (step.Bytes > target || step.Loss.IsBeyond(options.MaxLoss))
                    continue;
                var pruning = Sparse(trained, cancellation);
                var sparse = Try($"{what}, {bits}-bit weights, {PrunedAtLast:0 %} of them zero", Shipped(pruning, bits),
                    cancellation, pruning);
                if (step.IsKept || sparse.IsKept)
                    return Result();
            }

            if (steps[^1].IsKept)
                break;
        }

        return Result();
    }

    // With 4 bits each, which tells what it could come to. Each model is made of the one before; the first that surely breaks the
    // bound is the last. One in doubt goes on: the training that follows gives something back.
    List<(string What, ModelGraph Graph, ModelGraph Few)> Prune(CancellationToken cancellation)
    {
        var kept = new List<(string What, ModelGraph Graph, ModelGraph Few)>
        {
            ("all channels", original, Quantized(original, 4, cancellation)),
        };
        long all = GraphCost.Of(original).Parameters;
        while (SizeOf(Shipped(kept[^1].Few, 4)) > target)
        {
            var cut = NextCut(kept[^1].Graph, cancellation);
            if (cut.Removed.Count == 0)
                break;
            string what = $"channels, {(double)GraphCost.Of(cut.Graph).Parameters / all:0.0 %} of the parameters";
            var trained = fineTuning.Run(cut.Graph, options.FineTuning, key.Fold(what), cancellation: cancellation);
            if (Try(what, trained, cancellation).Loss.IsBeyond(options.MaxLoss))
                break;
            kept.Add((what, trained, Quantized(trained, 4, cancellation)));
        }

        return kept;
    }

    // No smaller than the target asks for, where a whole step would be: how many bytes it comes to depends on shapes alone.
    PrunedModel NextCut(ModelGraph graph, CancellationToken cancellation)
    {
        var cut = new ChannelPruning(KeptInAStep).Apply(graph);
        if (!Fits(cut))
            return cut;
        double fits = KeptInAStep, over = 1;
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (fits + over) / 2;
            var less = new ChannelPruning(middle).Apply(graph);
            if (Fits(less))
                (fits, cut) = (middle, less);
            else
                over = middle;
        }

        return cut;

        bool Fits(PrunedModel pruned) => SizeOf(Shipped(Quantized(pruned.Graph, 4, cancellation), 4)) <= target;
    }

    // Few levels take longer to find, and a step too wide loses them.
    TrainingOptions QuantizedTraining => options.FineTuning with
    {
        Epochs = 3 * options.FineTuning.Epochs,
        LearningRate = options.FineTuning.LearningRate / 3,
    };

    // Zeros make no ONNX file smaller, but a .plume file.
    ModelGraph Sparse(ModelGraph quantized, CancellationToken cancellation)
    {
        var schedule = new GradualSchedule(PrunedAtLast, Steps: 800) { Every = 8 };
        return fineTuning.Run(quantized, QuantizedTraining, key.Fold("sparse"),
            new GradualPruning(quantized, new MagnitudePruning(PrunedAtLast), schedule), cancellation: cancellation);
    }

    ModelGraph Quantized(ModelGraph graph, int bits, CancellationToken cancellation)
    {
        // ONNX Runtime unpacks 4-bit weights and computes in floats: levels for activations would cost bytes and accuracy for
        // nothing.
        var scheme = new QuantizationScheme(bits, bits > 4 ? 8 : null) { LeaveSingleChannels = bits > 4 };
        return PostTraining.Quantize(graph, scheme with { LayerBits = SmallEnds(graph, scheme) }, samples, cancellation);
    }

    // The first and the last layer mind few levels most; where they are small, 8 bits cost little.
    static Dictionary<string, int> SmallEnds(ModelGraph graph, QuantizationScheme scheme)
    {
        var layers = QuantizationPlan.Of(PostTraining.Prepare(graph, scheme), scheme).Layers;
        double all = layers.Sum(LengthOf);
        return layers.Where((layer, place) => (place == 0 || place == layers.Count - 1) && LengthOf(layer) < SmallShare * all)
            .DistinctBy(layer => layer.Weight).ToDictionary(layer => layer.Weight, _ => 8);

        int LengthOf(PlannedLayer layer) => graph.FindInitializer(layer.Weight)!.Length;
    }

    static ModelGraph Shipped(ModelGraph quantized, int bits) =>
        GraphNames.Shorten(QdqLowering.Apply(quantized, packed: bits <= 4));

    static long SizeOf(ModelGraph graph) => OnnxFile.Write(graph).Length;

    ShrinkStep Try(string what, ModelGraph model, CancellationToken cancellation, ModelGraph? quantized = null)
    {
        using var runtime = new RuntimeModel(model);
        var predictions = Predictions.Of(runtime, validation, cancellation);
        var loss = AccuracyLoss.Of(told ??= predictions, predictions, validation);
        steps.Add(new ShrinkStep(what, model, SizeOf(model), CompressedModel.Compress(model, Lossless).ToBytes(),
            predictions.Accuracy(validation), loss,
            loss.IsWithin(options.MaxLoss))
        { Simulated = quantized is null ? null : SimulatedIntegers.Of(quantized) });
        report?.Invoke(steps[^1]);
        return steps[^1];
    }

    ShrinkResult Result() =>
        new(steps, steps.Where(step => step.IsKept).OrderByDescending(step => step.Bytes <= target)
            .ThenBy(step => step.CompressedBytes).First(), target);
}
