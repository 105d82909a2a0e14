using Plume.Compression.Codecs;
using Plume.Models.Container;
using Plume.Models.Graph;
using Plume.Models.Graph.Rewrites;
using Plume.Models.Onnx;
using Plume.Models.Onnx.Messages;
using Plume.Models.Onnx.Subgraphs;
using Plume.Models.Quantize;
using Plume.Models.Quantize.Blocks;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Tests;

/// <summary>
/// Graphs inside of graphs read by name what stands around them: no rewrite may lose, rename or hide it, and every weight is
/// seen.
/// </summary>
public class BranchLaws
{
    const int Models = 30;

    static readonly Dictionary<string, Func<ModelGraph, ModelGraph>> Rewrites = new()
    {
        ["reading and writing"] = graph => graph,
        ["short names"] = GraphNames.Shorten,
        ["taken branches"] = TakenBranches.Of,
        ["folded shapes"] = Folded.Of,
        ["tensors of their own"] = Unshared.Of,
        ["all that layers are prepared by"] = graph => Unshared.Of(FreeBatch.Of(Folded.Of(TakenBranches.Of(graph)), out _)),
        ["folded normalizations"] = BatchNormFolding.Apply,
        ["nothing unread"] = GraphSurgery.WithoutUnread,
        ["no quantization, written with integers"] = graph => QdqLowering.Apply(graph),
        ["taken branches, short names"] = graph => GraphNames.Shorten(TakenBranches.Of(graph)),
        ["a lossless file"] = graph => CompressedModel.Decompress(CompressedModel.Compress(graph, Codec.Parse("rans")))!,
    };

    static readonly float[] Input = Some.Normal(4 * RandomBranches.Width, "x");

    public static TheoryData<string> Names => [.. Rewrites.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_rewrite_leaves_what_graphs_inside_compute(string name)
    {
        for (int number = 0; number < Models; number++)
        {
            var graph = OnnxFile.Read(RandomBranches.Number(number, onlyConstants: number % 3 == 0));

            AssertClose(graph, Rewrites[name](graph), 1e-10, number);
        }
    }

    [Fact]
    public void A_quantized_model_reads_the_same_values_in_its_branches()
    {
        for (int number = 0; number < Models; number++)
        {
            var graph = OnnxFile.Read(RandomBranches.Number(number, onlyConstants: false));
            var scheme = new QuantizationScheme(8, 8);
            var prepared = BatchNormFolding.Apply(TakenBranches.Of(graph));
            var ranges = FakeQuantization.ValuesToCalibrate(prepared, scheme)
                .ToDictionary(value => value, _ => new ValueRange(-6, 6));

            var quantized = FakeQuantization.Insert(prepared, scheme, ranges);

            AssertClose(SimulatedIntegers.Of(quantized), GraphNames.Shorten(QdqLowering.Apply(quantized)), 0.01, number);
        }
    }

    [Fact]
    public void Blocks_of_weights_leave_what_branches_read()
    {
        for (int number = 0; number < Models; number++)
        {
            var graph = OnnxFile.Read(RandomBranches.Number(number, onlyConstants: false));
            var made = BlockProducts.Apply(graph, 32);

            AssertClose(made.Simulated, made.Graph, 1e-6, number);
        }
    }

    [Fact]
    public void A_model_whose_conditions_are_known_becomes_one_plain_graph()
    {
        for (int number = 0; number < Models; number++)
        {
            var graph = OnnxFile.Read(RandomBranches.Number(number, onlyConstants: true));

            var plain = TakenBranches.Of(graph);

            Assert.DoesNotContain(plain.Nodes, node => node.Subgraphs.Any());
            Assert.All(plain.Weights.Tensors.Where(tensor => graph.FindInitializer(tensor.Name) is not null),
                tensor => Assert.Equal(graph.FindInitializer(tensor.Name)!.Data, plain.FindInitializer(tensor.Name)!.Data));
        }
    }

    [Fact]
    public void An_If_whose_condition_is_a_value_stays()
    {
        int stayed = 0;
        for (int number = 0; number < Models; number++)
            stayed += TakenBranches.Of(OnnxFile.Read(RandomBranches.Number(number, onlyConstants: false))).Nodes.Any(node =>
                node.OpType == "If") ? 1 : 0;

        Assert.InRange(stayed, Models / 3, Models);
    }

    [Fact]
    public void Every_weight_of_a_product_is_seen_at_any_depth()
    {
        for (int number = 0; number < Models; number++)
        {
            byte[] bytes = RandomBranches.Number(number, onlyConstants: false);
            var graph = OnnxFile.Read(bytes);

            Assert.Equal(Weights(ModelProto.Parser.ParseFrom(bytes).Graph, []).Count,
                graph.Weights.Tensors.Count(tensor => tensor.Shape.Count == 2));
        }
    }

    // Tensors that a product reads, by itself or through Identity: each once.
    static HashSet<TensorProto> Weights(GraphProto graph, Dictionary<string, TensorProto> around)
    {
        var read = new HashSet<TensorProto>(ReferenceEqualityComparer.Instance);
        Collect(graph, around, read);
        return read;
    }

    static void Collect(GraphProto graph, Dictionary<string, TensorProto> around, HashSet<TensorProto> read)
    {
        var known = new Dictionary<string, TensorProto>(around);
        foreach (var tensor in graph.Initializer)
            known[tensor.Name] = tensor;
        foreach (var node in graph.Node)
        {
            if (node.OpType == "Constant")
                known[node.Output[0]] = node.Attribute[0].T;
            else if (node.OpType == "Identity" && known.TryGetValue(node.Input[0], out var handed))
                known[node.Output[0]] = handed;
            else if (node.OpType is "MatMul" or "Gemm" && known.TryGetValue(node.Input[1], out var weight))
                read.Add(weight);
            foreach (var inner in SubgraphWalk.GraphsOf(node))
                Collect(inner, known, read);
        }
    }

    static void AssertClose(ModelGraph expected, ModelGraph actual, double bound, int number)
    {
        float[] wanted = Run(expected), found = Run(actual);
        double error = wanted.Zip(found, (left, right) => (double)(left - right) * (left - right)).Sum(),
            power = wanted.Sum(value => (double)value * value);
        Assert.True(error <= bound * power, $"Model {number} gives an error of {error / power}.");
    }

    // Without optimizations, which are at fault themselves where branches hand weights on.
    static float[] Run(ModelGraph graph) => Runtime.Run(graph, [4, RandomBranches.Width], Input, isOptimized: false).Values;
}
