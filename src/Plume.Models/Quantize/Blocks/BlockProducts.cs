using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Graph.Operators;
using Plume.Models.Quantize.Plan;

namespace Plume.Models.Quantize.Blocks;

/// <summary>
/// Gives the weights of matrix products 4 bits in blocks along their inputs, as <c>com.microsoft.MatMulNBits</c>: ONNX Runtime
/// reads them as they are, where behind a DequantizeLinear it would make floats of the whole weight each time. Activations stay
/// floats.
/// </summary>
/// <remarks>
/// Bytes: a half for a weight, 4 for the scale of a block. Source: ONNX Runtime, docs/ContribOperators.md, MatMulNBits.
/// </remarks>
public static class BlockProducts
{
    /// <summary>The operator.</summary>
    public const string OpType = Roles.BlockProduct;

    /// <summary>Bits of a level.</summary>
    public const int Bits = 4;

    const string Domain = "com.microsoft";

    /// <summary>Lengths of a block that the operator is fast with.</summary>
    public static IReadOnlyList<int> Blocks { get; } = [32, 64, 128];

    /// <summary>Writes products in blocks.</summary>
    /// <param name="graph">A model in floats.</param>
    /// <param name="block">Weights of an output that share a scale: one of <see cref="Blocks"/>.</param>
    /// <param name="leaveAlone">Names of weights that stay floats.</param>
    /// <exception cref="ArgumentOutOfRangeException">The block is of another length.</exception>
    /// <exception cref="InvalidPayloadException">A weight is not finite.</exception>
    public static BlockedModel Apply(ModelGraph graph, int block, IReadOnlyCollection<string>? leaveAlone = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (!Blocks.Contains(block))
            throw new ArgumentOutOfRangeException(nameof(block), block, $"A block is of {string.Join(", ", Blocks)} weights.");
        var names = new FreeNames(graph);
        var made = new Dictionary<(string, bool), BlockWeight>();
        List<Node> nodes = [], simulated = [], layers = [];
        List<Initializer> tensors = [.. graph.Initializers], floats = [.. graph.Initializers];
        var skipped = new List<SkippedLayer>();
        foreach (var node in graph.Nodes)
        {
            if (!OperatorKinds.IsLayer(node))
            {
                Keep(node);
            }
            else if (ReasonToSkip(graph, node, block, leaveAlone ?? []) is { } reason)
            {
                skipped.Add(new SkippedLayer(node, reason));
                Keep(node);
            }
            else
            {
                Write(node);
            }
        }

        var extensions = new Dictionary<string, int>(graph.ExtensionOpsets) { [Domain] = 1 };
        return new BlockedModel(layers.Count == 0 ? graph
            : graph.With(nodes, tensors).Replace(extensionOpsets: extensions), graph.With(simulated, floats), layers, skipped);

        void Keep(Node node)
        {
            nodes.Add(node);
            simulated.Add(node);
        }

        void Write(Node node)
        {
            bool isTransposed = node.OpType == "Gemm" && node.Int("transB", 0) != 0;
            if (!made.TryGetValue((node.Inputs[1], isTransposed), out var weight))
            {
                weight = BlockWeight.Of(graph.FindInitializer(node.Inputs[1])!, isTransposed, block, names);
                made.Add((node.Inputs[1], isTransposed), weight);
                tensors.AddRange([weight.Levels, weight.Scales]);
                floats.Add(weight.Floats);
            }

            layers.Add(node);
            simulated.Add(node with { Inputs = [node.Inputs[0], weight.Floats.Name, .. node.Inputs.Skip(2)] });
            string sums = node.Input(2) is null ? node.Outputs[0] : names.Take($"{node.Outputs[0]}_product");
            nodes.Add(new Node(node.Name, OpType, [node.Inputs[0], weight.Levels.Name, weight.Scales.Name], [sums],
                new Dictionary<string, AttributeValue>
                {
                    ["K"] = (long)weight.Inputs,
                    ["N"] = (long)weight.Outputs,
                    ["bits"] = (long)Bits,
                    ["block_size"] = (long)block,
                }));
            if (node.Input(2) is { } bias)
                nodes.Add(new Node("", "Add", [sums, bias], node.Outputs));
        }
    }

    static string? ReasonToSkip(ModelGraph graph, Node node, int block, IReadOnlyCollection<string> leaveAlone) => node switch
    {
        { OpType: "Conv" } => "blocks are for matrix products",
        _ when leaveAlone.Contains(node.Input(1)) => "it is left alone",
        _ when graph.FindInitializer(node.Input(1) ?? "") is { ElementType: not ElementType.Float } other =>
            $"its weight is of {other.ElementType}, not of floats",
        _ when graph.FindFloats(node.Input(1)) is null => "its weight is computed",
        _ when graph.FindInitializer(node.Inputs[1])!.Shape.Count != 2 => "its weight is no matrix",
        _ when graph.FindInitializer(node.Inputs[1])!.Shape[node.OpType == "Gemm" && node.Int("transB", 0) != 0 ? 1
            : 0] < block => "it has fewer inputs than a block",
        { OpType: "Gemm" } when node.Float("alpha", 1) != 1 || (node.Float("beta", 1) != 1 && node.Input(2) is not null)
            || node.Int("transA", 0) != 0 => "it scales or transposes its input",
        _ => null,
    };
}

/// <summary>A model with weights in blocks.</summary>
/// <param name="Graph">The model; where no layer could be written so, the model in floats.</param>
/// <param name="Simulated">The same in floats, with weights on their levels: what the model should compute.</param>
/// <param name="Layers">The layers that have blocks.</param>
/// <param name="Skipped">The others.</param>
public sealed record BlockedModel(ModelGraph Graph, ModelGraph Simulated, IReadOnlyList<Node> Layers,
    IReadOnlyList<SkippedLayer> Skipped);
