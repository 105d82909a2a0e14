using Plume.Models.Graph;

namespace Plume.Models.Quantize.Plan;

/// <summary>Chooses the layers whose weights are quantized.</summary>
static class LayerPlan
{
    public static (PlannedLayer[] Layers, SkippedLayer[] Skipped) Of(ModelGraph graph, QuantizationScheme scheme)
    {
        Node[] products = [.. graph.Nodes.Where(OperatorKinds.IsLayer)];
        var weights = products.Select(node => node.Input(1)).ToHashSet();
        if (scheme.LayerBits.Keys.Concat(scheme.LeaveAlone).FirstOrDefault(name => !weights.Contains(name)) is { } unknown)
            throw new ArgumentException(
                $"The scheme names '{unknown}', which is no layer's weight; these are "
                    + $"{string.Join(", ", weights.Where(name => name is not null && graph.FindFloats(name) is not null))}.",
                    nameof(scheme));
        if (scheme.LayerBits.FirstOrDefault(entry => entry.Value is < 1 or > FakeQuantizer.MaxBits)
            is { Key: { } weight, Value: var wrong })
            throw new ArgumentException($"The scheme gives '{weight}' {wrong} bits; a weight has 1 to {FakeQuantizer.MaxBits}.",
                nameof(scheme));

        SkippedLayer[] skipped =
            [.. products.Select(node => (node, reason: ReasonToSkip(graph, scheme, node))).Where(each => each.reason is not null)
                .Select(each => new SkippedLayer(each.node, each.reason!))];
        Node[] kept = [.. products.Except(skipped.Select(each => each.Node))];
        return ([.. kept.Select(node =>
            Plan(graph, scheme, node, isEnd: ReferenceEquals(node, products[0]) || ReferenceEquals(node, products[^1])))],
            skipped);
    }

    static PlannedLayer Plan(ModelGraph graph, QuantizationScheme scheme, Node node, bool isEnd)
    {
        string weight = node.Inputs[1];
        int bits = scheme.LayerBits.TryGetValue(weight, out int own) ? own : isEnd && scheme.EndBits is { } end ? end
            : scheme.WeightBits;
        return new(node, weight, bits, scheme.PerChannel ? ChannelAxis(graph, node) : null);
    }

    // A product over a batch of matrices has no kernel with a scale for each column.
    static int? ChannelAxis(ModelGraph graph, Node node) => node.OpType switch
    {
        "Conv" => 0,
        "Gemm" => node.Int("transB", 0) != 0 ? 0 : 1,
        _ => graph.FindInitializer(node.Inputs[1])!.Shape.Count == 2 ? 1 : null,
    };

    static string? ReasonToSkip(ModelGraph graph, QuantizationScheme scheme, Node node) => node switch
    {
        _ when scheme.LeaveAlone.Contains(node.Input(1)) => "the scheme leaves it alone",
        _ when graph.FindInitializer(node.Input(1) ?? "") is { ElementType: not ElementType.Float } other =>
            $"its weight is of {other.ElementType}, not of floats",
        _ when graph.ProducerOf(node.Input(1) ?? "") is { OpType: "DequantizeLinear" } => "its weight is quantized already",
        _ when graph.FindFloats(node.Input(1)) is null => "its weight is computed",
        _ when graph.FindInitializer(node.Inputs[1])!.Length == 0 => "its weight is empty",
        { OpType: "Conv" } when scheme.LeaveSingleChannels && scheme.ActivationBits is not null
            && !scheme.LayerBits.ContainsKey(node.Inputs[1])
            && graph.FindInitializer(node.Inputs[1])!.Shape[1] == 1 && node.Int("group", 1) == 1 =>
                "integer kernels are slower over a single channel",
        { OpType: "MatMul" } when graph.FindInitializer(node.Inputs[1])!.Shape.Count < 2 => "its weight is a vector",
        _ when graph.FindInitializer(node.Inputs[0]) is not null => "its input is a constant",
        _ when scheme.ActivationBits is null => null,
        { OpType: "Gemm" } when node.Float("alpha", 1) != 1 || node.Float("beta", 1) != 1 || node.Int("transA", 0) != 0 =>
            "it scales or transposes its input",
        { OpType: "Gemm" } when node.Input(2) is { } bias && graph.FindFloats(bias) is not { Shape.Count: 1 } =>
            "its bias is not a vector of floats",
        { OpType: "Conv" } when node.Input(2) is { } bias && graph.FindFloats(bias) is null => "its bias is computed",
        { OpType: "Conv" } when node.Input(2) is { } bias
            && graph.FindFloats(bias)!.Length != graph.FindInitializer(node.Inputs[1])!.Shape[0] =>
                "its bias is not one number a channel",
        _ => null,
    };
}
