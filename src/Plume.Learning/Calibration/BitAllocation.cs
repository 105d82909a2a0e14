using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Quantize;

namespace Plume.Learning.Calibration;

/// <summary>
/// Chooses which layers get 4 bits and which keep 8: those go first that lose least for each byte they save, measured one
/// by one with the others at 8 bits. Source of measuring layers alone: Wu et al., "Integer Quantization for Deep Learning
/// Inference", 2020, arXiv:2004.09602, section 5.2. Fewer bits than 4 would take as many bytes in an ONNX file.
/// </summary>
/// <param name="LayerBits">Bits of each weight by name.</param>
/// <param name="Bytes">Of the ONNX file, names shortened, 4-bit weights packed.</param>
/// <param name="Accuracy">On the validation samples, after training alone.</param>
/// <param name="IsReached">Whether the file is as small as was asked for within the bound on the loss.</param>
public sealed record BitAllocation(IReadOnlyDictionary<string, int> LayerBits, long Bytes, double Accuracy, bool IsReached)
{
    const int Many = 8, Few = 4;

    /// <summary>Chooses.</summary>
    /// <param name="graph">A model in floats.</param>
    /// <param name="scheme">Bits of activations, and how levels are chosen; its own bits for layers come first.</param>
    /// <param name="samples">To calibrate on; null where activations stay floats.</param>
    /// <param name="validation">To measure on.</param>
    /// <param name="targetBytes">The bytes to reach; null for as few as the bound allows.</param>
    /// <param name="maxLoss">The accuracy that may be lost against the model in floats, as a share; null for any.</param>
    /// <param name="cancellation">Stops the work.</param>
    public static BitAllocation Choose(ModelGraph graph, QuantizationScheme scheme, LabeledSet? samples, LabeledSet validation,
        long? targetBytes, double? maxLoss, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        var bits = QuantizationPlan.Of(PostTraining.Prepare(graph, scheme), scheme).Layers.Select(layer => layer.Weight)
            .Distinct().ToDictionary(name => name, name => scheme.LayerBits.GetValueOrDefault(name, Many),
                StringComparer.Ordinal);
        double least = maxLoss is { } bound ? Measure(graph).Accuracy - bound : 0;
        var all = MeasureBits(bits);
        var order = bits.Keys.Where(name => bits[name] == Many && !scheme.LayerBits.ContainsKey(name))
            .Select(name => (Name: name, Alone: MeasureBits(With(bits, name))))
            .OrderBy(layer => (all.Accuracy - layer.Alone.Accuracy) / Math.Max(1, all.Bytes - layer.Alone.Bytes))
            .Select(layer => layer.Name).ToArray();
        var best = all;
        foreach (string name in order.TakeWhile(_ => targetBytes is null || best.Bytes > targetBytes))
        {
            var next = MeasureBits(With(bits, name));
            if (next.Bytes < best.Bytes && next.Accuracy >= least)
                (best, bits) = (next, With(bits, name));
        }

        return new BitAllocation(bits, best.Bytes, best.Accuracy, best.Accuracy >= least
            && (targetBytes is null || best.Bytes <= targetBytes));

        (long Bytes, double Accuracy) MeasureBits(Dictionary<string, int> layerBits) =>
            Measure(GraphNames.Shorten(
                QdqLowering.Apply(PostTraining.Quantize(graph, scheme with { LayerBits = layerBits }, samples, cancellation),
                    packed: true)));

        (long Bytes, double Accuracy) Measure(ModelGraph candidate)
        {
            using var runtime = new RuntimeModel(candidate);
            return (OnnxFile.Write(candidate).Length, Predictions.Of(runtime, validation, cancellation).Accuracy(validation));
        }
    }

    static Dictionary<string, int> With(Dictionary<string, int> bits, string name) => new(bits, StringComparer.Ordinal)
    {
        [name] = Few,
    };
}
