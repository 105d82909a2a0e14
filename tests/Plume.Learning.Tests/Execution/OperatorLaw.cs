using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Plume.Learning.Execution;
using Plume.Models.Graph;
using Plume.Models.Graph.Operators;
using Plume.Models.Graph.Shapes;
using Plume.Models.Onnx;

namespace Plume.Learning.Tests.Execution;

/// <summary>The oracle is ONNX Runtime, for values and for shapes, over random uses of every operator of the catalogue.</summary>
public class OperatorLaw
{
    const int Seeds = 12;

    // Quantizations are compared in their own tests; recurrent layers are coded, but not run here.
    static readonly string[] NotRun = ["LSTM", "GRU", "RNN", "QuantizeLinear", "DequantizeLinear"];

    static readonly Dictionary<string, Func<Draw, Use>> Cases = new(Uses.All.Concat(LayerUses.All));

    public static TheoryData<string> Operators => [.. Cases.Keys.Order(StringComparer.Ordinal)];

    [Fact]
    public void The_executor_runs_every_operator_of_the_catalogue_and_no_other()
    {
        Assert.Equal(NotRun.Order(), Catalogue.Names.Except(NodeCompiler.Supported).Order());
        Assert.Empty(NodeCompiler.Supported.Except(Catalogue.Names));
    }

    [Fact]
    public void Every_operator_that_is_run_is_compared() =>
        Assert.Equal(["plume.FakeQuantize"], NodeCompiler.Supported.Except(Cases.Keys));

    [Theory, MemberData(nameof(Operators))]
    public void A_use_of_an_operator_gives_what_onnx_runtime_gives_or_is_refused_by_name(string op)
    {
        int compared = 0, ran = 0;
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            var draw = new Draw(seed);
            var use = Cases[op](draw);
            var graph = GraphOf(use, draw, isBatchFree: false);
            float[] values = draw.Values(use.X.Aggregate(1, (product, length) => product * length));
            if (TryOracle(graph, values, use.X, out var expected, out var shape))
            {
                compared++;
                AssertShape(graph, shape, seed);
                if (use.X is [> 1, ..])
                    AssertShape(GraphOf(use, draw, isBatchFree: true), shape, seed, use.X[0]);
                ran += Agrees(graph, values, use.X, expected, shape, seed) ? 1 : 0;
            }
        }

        Assert.True(compared >= Seeds / 3, $"ONNX Runtime takes only {compared} of {Seeds} uses of {op}.");
        Assert.True(ran >= compared / 2, $"The executor takes only {ran} of {compared} uses of {op}.");
    }

    static ModelGraph GraphOf(Use use, Draw draw, bool isBatchFree)
    {
        Dimension[] shape = [.. use.X.Select((length, axis) => isBatchFree && axis == 0 ? (Dimension)"N" : length)];
        var end = new Node("end", "Cast", ["y"], ["z"], new Dictionary<string, AttributeValue> { ["to"] = 1L });
        return new("g", [new("x", ElementType.Float, shape)], [new("z", ElementType.Float, []) { HasShape = false }],
            [.. use.Nodes, end], draw.Initializers, use.Opset);
    }

    static bool TryOracle(ModelGraph graph, float[] values, int[] shape, out float[] expected, out long[] actual)
    {
        try
        {
            using var options = new SessionOptions
            {
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
                IntraOpNumThreads = 1,
            };
            using var session = new InferenceSession(OnnxFile.Write(graph), options);
            NamedOnnxValue[] inputs = session.InputMetadata.Count == 0 ? []
                : [NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(values, shape))];
            using var results = session.Run(inputs);
            var tensor = results.Single().AsTensor<float>();
            (expected, actual) = (tensor.ToArray(), [.. tensor.Dimensions.ToArray().Select(length => (long)length)]);
            return true;
        }
        catch (OnnxRuntimeException)
        {
            (expected, actual) = ([], []);
            return false;
        }
    }

    static void AssertShape(ModelGraph graph, long[] expected, ulong seed, int batch = 0)
    {
        var inferred = ShapeInference.Of(graph)["z"];
        long[] lengths = [.. inferred.Select((length, axis) => length.IsFixed ? length.Length : length.Name == "N" ? batch
            : axis < expected.Length ? expected[axis] : -1)];
        Assert.True(expected.SequenceEqual(lengths),
            $"Seed {seed}: {graph.Nodes[^2]} gives [{string.Join(", ", expected)}], but [{string.Join(", ", inferred)}] was "
                + $"inferred. {Shown(graph)}");
    }

    static bool Agrees(ModelGraph graph, float[] values, int[] shape, float[] expected, long[] expectedShape, ulong seed)
    {
        try
        {
            using var executor = new GraphExecutor(graph);
            using var scope = TorchSharp.torch.NewDisposeScope();
            var output = executor.Logits(TorchSharp.torch.tensor(values, [.. shape.Select(length => (long)length)]));
            Assert.True(expectedShape.SequenceEqual(output.shape),
                $"Seed {seed}: the executor gives [{string.Join(", ", output.shape)}] for "
                    + $"[{string.Join(", ", expectedShape)}]. {Shown(graph)}");
            float[] actual = output.numel() == 0 ? [] : output.contiguous().data<float>().ToArray();
            for (int index = 0; index < expected.Length; index++)
            {
                bool agrees = actual[index].Equals(expected[index])
                    || Math.Abs(actual[index] - expected[index]) <= 2e-5 * (1 + Math.Abs(expected[index]));
                if (!agrees)
                    Assert.Fail($"Seed {seed}: output {index} is {actual[index]}, but {expected[index]} under ONNX Runtime. {Shown(graph)}");
            }

            return true;
        }
        catch (UnsupportedOperatorException refusal)
        {
            Assert.Contains("node 'n", refusal.Message, StringComparison.Ordinal);
            return false;
        }
    }

    static string Shown(ModelGraph graph) =>
        $"x [{string.Join(", ", graph.Inputs[0].Shape)}], operator set {graph.OpsetVersion}; "
            + $"{string.Join("; ", graph.Nodes.SkipLast(1).Select(node => $"{node} {string.Join(", ", node.Inputs)} {string.Join(", ", node.Attributes.Select(entry => $"{entry.Key}={Shown(entry.Value)}"))}"))}; {string.Join("; ", graph.Initializers)}";

    static string Shown(AttributeValue value) => value is IntsValue list ? $"[{string.Join(", ", list.Values)}]"
        : value.ToString();
}
