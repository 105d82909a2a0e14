using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Learning.Shipping;
using Plume.Models.Adapt;
using Plume.Models.Container;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Prune.Channels;
using Plume.Models.Quantize;

namespace Plume.Cli.Runs;

/// <summary>
/// What leaves a run: the model that was trained, with adapters merged, without the channels that are dead, and as integers where
/// it was trained for them; or what was made of it.
/// </summary>
/// <param name="Graph">The model.</param>
/// <param name="Bytes">It as an ONNX file.</param>
/// <param name="IsIntegers">Whether it has integers.</param>
/// <param name="Accuracy">In ONNX Runtime on the test samples; null for the floats that were trained, or without samples.</param>
sealed record ShippedModel(ModelGraph Graph, byte[] Bytes, bool IsIntegers, double? Accuracy)
{
    const int SamplesOfACheck = 32;

    // Integers are what they are; what floats are left beside them loses nothing either.
    static readonly Codec Lossless = Codec.Parse("rans");

    /// <summary>Makes it, and runs it in ONNX Runtime where it is not the graph that was trained.</summary>
    /// <param name="trained">The graph with the last weights.</param>
    /// <param name="test">Samples to measure on; null for a check on random inputs alone.</param>
    /// <param name="name">What messages call the file.</param>
    /// <exception cref="RewriteMismatchException">What ships computes something else than was trained.</exception>
    public static ShippedModel Of(ModelGraph trained, LabeledSet? test, string name)
    {
        bool isIntegers = trained.Nodes.Any(node => node.OpType == FakeQuantizer.OpType);
        var merged = MergedAdapters.Of(trained);
        var living = DeadChannels.Remove(merged)?.Graph ?? merged;
        var ships = isIntegers ? QdqLowering.Apply(living) : living;
        byte[] bytes = OnnxFile.Write(ships);
        if (ReferenceEquals(ships, trained))
            return new ShippedModel(trained, bytes, false, null);
        using var model = new RuntimeModel(name, bytes);
        var check = new RewriteCheck(test is null ? null : ModelFeeds.Of(model, test, SamplesOfACheck), RandomKey.FromSeed(0));
        if (!isIntegers)
        {
            check.OfFloats(name, optimized => optimized ? new RuntimeModel(name, bytes)
                : new RuntimeModel(trained, optimized: false));
            return new ShippedModel(ships, bytes, false, null);
        }

        var simulated = SimulatedIntegers.Of(trained);
        check.OfIntegers(name, bytes, simulated, simulated);
        return new ShippedModel(ships, bytes, true, test is null ? null : Predictions.Of(model, test).Accuracy(test));
    }

    /// <summary>Makes of a model what a line says, runs it in ONNX Runtime and measures it there.</summary>
    /// <param name="line">The line.</param>
    /// <param name="trained">The model as it was trained.</param>
    /// <param name="work">What the line's steps work with.</param>
    /// <param name="test">Samples to measure on.</param>
    /// <param name="name">What messages call the file.</param>
    /// <exception cref="ArgumentException">A step does not fit the model.</exception>
    /// <exception cref="RewriteMismatchException">ONNX Runtime computes something else than was made.</exception>
    public static ShippedModel By(ShipsLine line, ModelGraph trained, ShippingWork work, LabeledSet test, string name)
    {
        var made = line.Apply(trained, work);
        bool isIntegers = made.Nodes.Any(node => node.OpType == FakeQuantizer.OpType);
        var graph = GraphNames.Shorten(isIntegers ? QdqLowering.Apply(made, line.IsPacked) : made);
        byte[] bytes = OnnxFile.Write(graph);
        using var model = new RuntimeModel(name, bytes);
        var check = new RewriteCheck(ModelFeeds.Of(model, test, SamplesOfACheck), RandomKey.FromSeed(0));
        _ = isIntegers ? check.OfIntegers(name, bytes, SimulatedIntegers.Of(made), trained) : check.OfFloats(name, bytes);
        return new ShippedModel(graph, bytes, isIntegers, Predictions.Of(model, test).Accuracy(test));
    }

    /// <summary>The same model as a .plume file.</summary>
    /// <param name="floats">The codec of a model of floats.</param>
    public byte[] ToPlume(Codec floats) => CompressedModel.Compress(Graph, IsIntegers ? Lossless : floats).ToBytes();
}
