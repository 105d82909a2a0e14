using System.Diagnostics;
using Plume.Compression.Codecs;
using Plume.Models.Container;
using Plume.Models.Cost;
using Plume.Models.Graph;
using Plume.Models.Graph.Rewrites;
using Plume.Models.Graph.Shapes;
using Plume.Models.Onnx;
using Plume.Models.Onnx.Subgraphs;
using Plume.Models.Prune.Channels;
using Plume.Models.Prune.Connections;
using Plume.Models.Quantize;
using Plume.Models.Quantize.Blocks;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Tests;

/// <summary>
/// Files of some megabytes with very many parts: nothing that is done to them grows with the square of the number, or deeper than
/// a stack.
/// </summary>
public class LongFileTests
{
    const int Many = 10_000;

    // Work that grows with the number takes about a second on a slow day.
    static readonly TimeSpan Most = TimeSpan.FromSeconds(15);

    static readonly Dictionary<string, Func<ModelGraph>> Files = new()
    {
        ["initializers that nothing reads"] = () => Graph([], [.. Vectors("u", Many)]),
        ["a chain of nodes"] = () =>
            Graph([.. Enumerable.Range(0, Many).Select(i => Node(i % 2 == 0 ? "Relu" : "Identity", Before(i), $"c{i}"))], []),
        ["a chain of sums"] = () =>
            Graph([.. Enumerable.Range(0, Many).Select(i => new Node("", "Add", [Before(i), "b"], [$"c{i}"]))], []),
        ["readers of one value"] = () =>
            Graph([.. Enumerable.Range(0, Many).Select(i => Node("Relu", "r", $"f{i}"))], [], end: "r"),
        ["products"] = () => Graph(
            [.. Enumerable.Range(0, Many / 5).Select(i => new Node("", "MatMul", [Before(i), $"w{i}"], [$"c{i}"]))],
            [.. Enumerable.Range(0, Many / 5).Select(i => Initializer.Of($"w{i}", [4, 4], new float[16]))]),
        ["products with one weight"] = () =>
            Graph([.. Enumerable.Range(0, Many / 5).Select(i => new Node("", "MatMul", [Before(i), "square"], [$"c{i}"]))],
                [Initializer.Of("square", [4, 4], new float[16])]),
        ["reshapes"] = () => Graph(
            [.. Enumerable.Range(0, Many).Select(i => new Node("", "Reshape", [Before(i), "shape"], [$"c{i}"]))],
            [Initializer.Of("shape", [2], [0L, 4L])]),
        ["normalizations with the same tensors"] = () =>
            Graph([.. Enumerable.Range(0, Many / 5)
                .Select(i => new Node("", "BatchNormalization", [Before(i), "b", "b", "b", "b"], [$"c{i}"]))], []),
        ["a long concatenation"] = () =>
            Graph([new Node("", "Concat", [.. Enumerable.Repeat("r", Many / 5)], ["all"],
                new Dictionary<string, AttributeValue> { ["axis"] = 1L })], [], end: "r"),
        ["inputs"] = () => Graph([], [], inputs: Enumerable.Range(0, Many)
            .Select(i => new ValueInfo($"i{i}", ElementType.Float, [1]))),
        ["outputs"] = () => Graph([.. Enumerable.Range(0, Many).Select(i => Node("Relu", "r", $"f{i}"))], [], end: "r",
            outputs: Enumerable.Range(0, Many).Select(i => new ValueInfo($"f{i}", ElementType.Float, ["N", 4]))),
        ["notes"] = () => Graph([], []).WithMetadata(Enumerable.Range(0, Many).Select(i => KeyValuePair.Create($"k{i}", "v"))),
    };

    static readonly Dictionary<string, Action<ModelGraph>> Works = new()
    {
        ["reading and writing"] = graph => OnnxFile.Write(OnnxFile.Read(OnnxFile.Write(graph))),
        ["compressing"] = graph => CompressedModel.Decompress(CompressedModel.Compress(graph, Codec.Parse("uniform(8) | rans"))),
        ["preparing layers"] = graph => Unshared.Of(FreeBatch.Of(Folded.Of(TakenBranches.Of(graph)), out _)),
        ["costs and shapes"] = graph => _ = (GraphCost.Of(graph), ShapeInference.Of(graph)),
        ["pruning connections"] = graph => new MagnitudePruning(0.5).MaskOf(graph).Apply(graph),
        ["pruning channels"] = graph => new ChannelPruning(0.8).Apply(graph),
        ["short names"] = graph => GraphNames.Shorten(graph),
        ["blocks"] = graph => BlockProducts.Apply(graph, 32),
        ["quantizing"] = graph =>
        {
            var scheme = new QuantizationScheme(8, 8);
            var prepared = PlainProductsOf(graph);
            var quantized = FakeQuantization.Insert(prepared, scheme, FakeQuantization.ValuesToCalibrate(prepared, scheme)
                .ToDictionary(value => value, _ => new ValueRange(-1, 1)));
            QdqLowering.Apply(quantized);
            SimulatedIntegers.Of(quantized);
        },
    };

    public static TheoryData<string> Names => [.. Files.Keys];

    [Theory, MemberData(nameof(Names))]
    public void What_is_done_to_a_long_file_takes_time_in_proportion(string name)
    {
        var graph = Files[name]();
        foreach (var (work, run) in Works)
        {
            var clock = Stopwatch.StartNew();
            run(graph);
            Assert.True(clock.Elapsed < Most, $"The work '{work}' took {clock.Elapsed.TotalSeconds:0} s.");
        }
    }

    static ModelGraph PlainProductsOf(ModelGraph graph) =>
        Plume.Models.Quantize.Plan.PlainProducts.Apply(BatchNormFolding.Apply(graph));

    static string Before(int node) => node == 0 ? "r" : $"c{node - 1}";

    static Node Node(string op, string input, string output) => new("", op, [input], [output]);

    static IEnumerable<Initializer> Vectors(string name, int count) =>
        Enumerable.Range(0, count).Select(i => Initializer.Of($"{name}{i}", [1], [0f]));

    static ModelGraph Graph(Node[] middle, Initializer[] tensors, string? end = null, IEnumerable<ValueInfo>? inputs = null,
        IEnumerable<ValueInfo>? outputs = null) => new(
        "long",
        [new("x", ElementType.Float, ["N", 8]), .. inputs ?? []],
        [new("y", ElementType.Float, ["N", 3]), .. outputs ?? []],
        [new("", "Gemm", ["x", "first", "b"], ["h"]), Node("Relu", "h", "r"), .. middle,
            new("", "Gemm", [end ?? (middle.Length == 0 ? "r" : middle[^1].Outputs[0]), "last"], ["y"])],
        [Initializer.Of("first", [8, 4], Some.Normal(32, "first")), Initializer.Of("b", [4], [1f, 2, 3, 4]),
            Initializer.Of("last", [4, 3], Some.Normal(12, "last")), .. tensors]);
}
