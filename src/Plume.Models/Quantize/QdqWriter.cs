using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Quantize.Plan;

namespace Plume.Models.Quantize;

/// <summary>Writes a graph with integers, node by node; used once.</summary>
sealed class QdqWriter
{
    readonly ModelGraph graph;
    readonly bool packed;
    readonly FreeNames names;
    readonly ILookup<string, Node> readers;
    readonly HashSet<string> outputs;
    // Names that something else goes by.
    readonly HashSet<string> kept;
    readonly List<Node> nodes = [];
    readonly IntegerTensors tensors;
    readonly HashSet<Node> absorbed = new(ReferenceEqualityComparer.Instance);
    readonly Dictionary<string, string> renamed = new(StringComparer.Ordinal);
    readonly Dictionary<string, Node> weightQuantizers = new(StringComparer.Ordinal);
    readonly Dictionary<string, List<(IntegerWeight Weight, string Floats)>> weights = new(StringComparer.Ordinal);
    readonly Dictionary<string, Levels> levelsOf = new(StringComparer.Ordinal);

    public QdqWriter(ModelGraph graph, bool packed)
    {
        (this.graph, this.packed) = (graph, packed);
        names = new FreeNames(graph);
        tensors = new IntegerTensors(graph, names);
        readers = graph.Readers();
        outputs = graph.Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        kept = [.. outputs, .. graph.Captures()];
    }

    public ModelGraph Write()
    {
        foreach (var node in graph.Nodes.Where(node => node.OpType == FakeQuantizer.OpType))
            Absorb(node);
        foreach (var node in graph.Nodes.Where(node => !absorbed.Contains(node)))
            Write(node);
        WriteWeights(graph.Outputs.Select(output => output.Name));

        return graph.With(nodes, tensors.All).Without(FakeQuantizer.Domain);
    }

    // For what reads a quantized weight by its name.
    void WriteWeights(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (weightQuantizers.TryGetValue(name, out var quantize))
                FloatsOf(quantize, null, 0, says0: false, name);
        }
    }

    void Write(Node node)
    {
        WriteWeights(node.Subgraphs.SelectMany(subgraph => subgraph.Captures));
        bool isInner = !kept.Contains(node.Outputs[0]);
        if (node.OpType == FakeQuantizer.OpType && graph.FindInitializer(node.Inputs[0]) is not null)
            weightQuantizers.Add(node.Outputs[0], node);
        else if (node.OpType == FakeQuantizer.OpType)
            WriteActivation(node);
        else if (OperatorKinds.IsIdle(node) && isInner)
            Alias(node);
        else if (OperatorKinds.IsRearranging(node) && isInner && levelsOf.TryGetValue(Renamed(node.Inputs[0]), out var levels))
            WriteRearranging(node, levels);
        else
            nodes.Add(WithIntegers(node));
    }

    string Renamed(string value)
    {
        while (renamed.TryGetValue(value, out string? other))
            value = other;
        return value;
    }

    void Alias(Node node) => renamed[node.Outputs[0]] = node.Inputs[0];

    // Levels from 0 on are a ReLU themselves, and levels within a Clip's bounds are the Clip.
    void Absorb(Node quantize)
    {
        var quantizer = FakeQuantizer.Of(quantize);
        if (graph.FindInitializer(quantize.Inputs[0]) is not null)
            return;
        string value = quantize.Inputs[0];
        float scale = tensors.Scales(quantize)[0];
        while (graph.ProducerOf(value) is { OpType: "Relu" or "Clip" } bound && !outputs.Contains(value)
            && readers[value].Count() == 1
            && !quantize.Has("axis") && graph.ProducerOf(bound.Inputs[0]) is not { OpType: "MaxPool" }
            && Bounds(bound) is var (low, high)
            && quantizer.LevelOf(low, scale) == quantizer.Lowest && quantizer.LevelOf(high, scale) == quantizer.Highest)
        {
            absorbed.Add(bound);
            renamed[value] = bound.Inputs[0];
            value = bound.Inputs[0];
        }
    }

    (float Low, float High)? Bounds(Node bound)
    {
        if (bound.OpType == "Relu")
            return (0, float.PositiveInfinity);
        float? low = Bound(bound.Input(1), float.NegativeInfinity), high = Bound(bound.Input(2), float.PositiveInfinity);
        return low is { } least && high is { } largest && least <= largest ? (least, largest) : null;
    }

    float? Bound(string? value, float fallback)
    {
        if (value is null)
            return fallback;
        var tensor = graph.FindConstant(value);
        return tensor is { ElementType: ElementType.Float, Length: 1 } && !float.IsNaN(tensor.Floats[0])
            ? tensor.Floats[0] : null;
    }

    // Layers that read one quantized weight share its integers where the scales can be the same.
    (IntegerWeight Weight, string Floats) FloatsOf(Node quantize, Initializer? bias, float inputScale, bool says0, string name)
    {
        if (!weights.TryGetValue(quantize.Outputs[0], out var written))
            weights.Add(quantize.Outputs[0], written = []);
        var fit = tensors.Fit(quantize, packed, bias, inputScale);
        if (written.Find(each => each.Weight.Scales.AsSpan().SequenceEqual(fit.Scales)) is { Weight: not null } same)
            return same;
        var weight = tensors.Weight(quantize, fit, keepsName: written.Count == 0 && IsOwn(quantize.Inputs[0]), says0);
        written.Add((weight, written.Count == 0 ? name : names.Take(name)));
        AddDequantize(weight.Name, weight.Scale, weight.ZeroPoint, written[^1].Floats, weight.Axis);
        return written[^1];
    }

    bool IsOwn(string tensor) => readers[tensor].Count() == 1 && !outputs.Contains(tensor);

    void WriteActivation(Node quantize)
    {
        var quantizer = FakeQuantizer.Of(quantize);
        if (quantizer is { Signed: true, Bits: 1 })
            throw new InvalidPayloadException(
                $"The {quantize} gives an activation the two levels of its sign, which no integer kernel reads; leave it a "
                    + $"float or give it 2 bits.");
        _ = tensors.Scales(quantize);
        if (weightQuantizers.TryGetValue(Renamed(quantize.Inputs[0]), out var weight))
            FloatsOf(weight, null, 0, says0: false, weight.Outputs[0]);
        int? axis = quantize.Has("axis") ? (int)quantize.Int("axis", 0) : null;
        var levels = new Levels(quantizer, quantize.Inputs[1],
            tensors.Number(quantizer.Signed ? ElementType.Int8 : ElementType.UInt8, quantizer.ZeroPoint), axis);
        WritePair(Renamed(quantize.Inputs[0]), quantize.Outputs[0], levels, clip: true);
        levelsOf.Add(quantize.Outputs[0], levels);
    }

    void WriteRearranging(Node node, Levels levels)
    {
        string value = node.Outputs[0], plain = names.Take($"{value}_plain");
        nodes.Add(node.Reading(Renamed) with { Outputs = [plain] });
        WritePair(plain, value, levels, clip: false);
        levelsOf.Add(value, levels);
    }

    void WritePair(string value, string quantized, Levels levels, bool clip)
    {
        string integer = names.Take($"{quantized}_int");
        nodes.Add(new Node("", "QuantizeLinear", [value, levels.Scale, levels.ZeroPoint], [integer], Axis(levels.Axis)));
        if (clip && tensors.ClipBounds(levels.Quantizer) is var (low, high))
        {
            string clipped = names.Take($"{quantized}_clipped");
            nodes.Add(new Node("", "Clip", [integer, low, high], [clipped]));
            integer = clipped;
        }

        AddDequantize(integer, levels.Scale, levels.ZeroPoint, quantized, levels.Axis);
    }

    Node WithIntegers(Node node)
    {
        var bias = OperatorKinds.IsLayer(node) ? graph.FindFloats(node.Input(2)) : null;
        var levels = node.Input(0) is { } data ? levelsOf.GetValueOrDefault(Renamed(data)) : null;
        string[] inputs = [.. node.Inputs];
        IntegerWeight? read = null;
        for (int slot = 0; slot < inputs.Length; slot++)
        {
            if (weightQuantizers.GetValueOrDefault(Renamed(inputs[slot])) is not { } quantize)
                continue;
            bool isWeight = slot == 1 && OperatorKinds.IsLayer(node);
            var (weight, floats) = FloatsOf(quantize, isWeight ? bias : null, isWeight && levels is not null
                ? tensors.ScaleOf(levels) : 0, says0: node.OpType is "Gemm" or "MatMul", quantize.Outputs[0]);
            inputs[slot] = floats;
            read = isWeight ? weight : read;
        }

        return WithIntegerBias(node with { Inputs = inputs }, bias, levels, read).Reading(Renamed);
    }

    // Integer kernels add the bias to sums of products of levels.
    Node WithIntegerBias(Node node, Initializer? bias, Levels? levels, IntegerWeight? weight)
    {
        if (node.OpType is not ("Conv" or "Gemm") || bias is null || weight is null || levels is null || levels.Axis is not null)
            return node;
        bool keepsName = IsOwn(bias.Name);
        if ((weight.IsPacked ? tensors.FineBias(bias, keepsName) : tensors.Bias(bias, tensors.ScaleOf(levels), weight, keepsName))
            is not var (integer, scale))
            return node;
        string floats = names.Take($"{bias.Name}_dequantized");
        AddDequantize(integer, scale, null, floats, weight.IsPacked || weight.Axis is null ? null : 0);
        return node with { Inputs = [.. node.Inputs.Take(2), floats] };
    }

    void AddDequantize(string integer, string scale, string? zeroPoint, string result, int? axis) => nodes.Add(
        new Node("", "DequantizeLinear", zeroPoint is null ? [integer, scale]
            : [integer, scale, zeroPoint], [result], Axis(axis)));

    // 1 is what a missing axis means, and without channels there is none.
    static Dictionary<string, AttributeValue> Axis(int? axis) => axis is null or 1 ? [] : new() { ["axis"] = (long)axis };

    /// <summary>The levels of an activation and the tensors that say them.</summary>
    internal sealed record Levels(FakeQuantizer Quantizer, string Scale, string ZeroPoint, int? Axis);
}
