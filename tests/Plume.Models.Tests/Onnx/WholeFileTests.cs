using Google.Protobuf;
using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Models.Container;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Onnx.Messages;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Tests;

/// <summary>
/// Files with everything that a file may have: nothing of it is lost, and every weight is seen wherever it stands.
/// </summary>
public class WholeFileTests
{
    static readonly Dictionary<string, Action<ModelProto>> Additions = new()
    {
        ["who made it"] = m => (m.IrVersion, m.ProducerName, m.ProducerVersion, m.Domain, m.ModelVersion, m.DocString) =
            (6, "maker", "1.2", "org.x", 7, "what it is"),
        ["no producer"] = m => m.ClearProducerName(),
        ["notes"] = m => m.MetadataProps.Add([new() { Key = "z", Value = "1" }, new() { Key = "a", Value = "2" }]),
        ["operator sets"] = m =>
            m.OpsetImport.Add([new() { Domain = "z.b", Version = 1 }, new() { Domain = "com.acme", Version = 3 }]),
        ["functions and training"] = m =>
        {
            m.Functions.Add(ByteString.CopyFrom(0x0A, 1, (byte)'f'));
            m.TrainingInfo.Add(ByteString.Empty);
        },
        ["words about the graph"] = m => (m.Graph.DocString, m.Graph.Node[0].DocString) = ("graph", "node"),
        ["words about an attribute"] = m => m.Graph.Node[0].Attribute[0].DocString = "attribute",
        ["an order of attributes"] = m =>
        {
            AttributeProto[] turned = [.. m.Graph.Node[0].Attribute.Reverse()];
            m.Graph.Node[0].Attribute.Clear();
            m.Graph.Node[0].Attribute.AddRange(turned);
        },
        ["values in between"] = m =>
        {
            m.Graph.ValueInfo.Add(new ValueInfoProto { Name = "conv", DocString = "d" }.ToByteString());
            m.Graph.QuantizationAnnotation.Add(ByteString.CopyFrom(0x0A, 1, (byte)'c'));
        },
        ["words about a tensor"] = m => m.Graph.Initializer[0].DocString = "tensor",
        ["words about an input"] = m =>
        {
            (m.Graph.Input[0].DocString, m.Graph.Input[0].Type.Denotation) = ("input", "IMAGE");
            m.Graph.Input[0].Type.TensorType.Shape.Dim[0].Denotation = "DATA_BATCH";
        },
        ["a sequence"] = m => m.Graph.Input.Add(new ValueInfoProto { Name = "s", Type = new TypeProto { Denotation = "SEQ" } }),
        ["initializers that are inputs"] = m =>
            m.Graph.Input.Insert(0, Value(m.Graph.Initializer[1].Name, m.Graph.Initializer[1].Dims)),
        ["values one by one"] = m =>
        {
            var tensor = m.Graph.Initializer[0];
            tensor.FloatData.AddRange(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.RawData.Span)
                .ToArray());
            tensor.ClearRawData();
        },
        ["weights in Constant nodes"] = m => ToConstant(m.Graph, m.Graph.Initializer[0]),
        ["a later field"] = m => m.MergeFrom(new byte[] { 0xF8, 0x3F, 5 }),
        ["a type"] = m => m.Graph.Node[2].Attribute.Add(
            new AttributeProto { Name = "t", Type = Kind.TypeProto, Tp = ByteString.Empty }),
        ["a branch with weights"] = AddBranch,
    };

    public static TheoryData<string> Names => [.. Additions.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Nothing_is_lost_by_reading_and_writing(string name)
    {
        byte[] bytes = With(name);

        Assert.Equal(ModelProto.Parser.ParseFrom(bytes), ModelProto.Parser.ParseFrom(OnnxFile.Write(OnnxFile.Read(bytes))));
    }

    [Theory, MemberData(nameof(Names))]
    public void Nothing_is_lost_by_a_lossless_line(string name)
    {
        byte[] bytes = With(name);
        var file = CompressedModel.Compress(OnnxFile.Read(bytes), Codec.Parse("rans"));

        var back = CompressedModel.Decompress(PlumeFile.Read(file.ToBytes()))!;

        Assert.Equal(ModelProto.Parser.ParseFrom(bytes), ModelProto.Parser.ParseFrom(OnnxFile.Write(back)));
        Assert.Contains("conv.weight", file.Layout.Tensors.Select(tensor => tensor.Name));
    }

    [Fact]
    public void What_is_said_of_the_model_stays_when_its_graph_changes_and_what_no_longer_holds_goes()
    {
        var graph = OnnxFile.Read(With("who made it", "words about the graph", "values in between", "weights in Constant nodes"));

        var changed = ModelProto.Parser.ParseFrom(
            OnnxFile.Write(graph.Replace([.. graph.Nodes.Select(node => node with { Name = node.Name + "2" })])));

        Assert.Equal((7, "org.x", "what it is", "maker", "graph", "node"),
            (changed.ModelVersion, changed.Domain, changed.DocString, changed.ProducerName, changed.Graph.DocString,
                changed.Graph.Node[0].DocString));
        Assert.Empty(changed.Graph.ValueInfo);
        Assert.DoesNotContain(changed.Graph.Node, node => node.OpType == "Constant");
        Assert.Equal(8, changed.IrVersion);
    }

    [Theory]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.BFloat16)]
    [InlineData(ElementType.Double)]
    public void Weights_of_other_widths_are_seen_and_keep_their_bits_by_a_lossless_line(ElementType type)
    {
        byte[] bytes = OfType(type);
        var graph = OnnxFile.Read(bytes);

        Assert.Equal(OnnxFileTests.Tiny().Weights, graph.Weights);
        Assert.Equal(bytes, OnnxFile.Write(CompressedModel.Decompress(CompressedModel.Compress(graph, Codec.Parse("rans")))!));
        var coarse = CompressedModel.Decompress(CompressedModel.Compress(graph, Codec.Parse("uniform(4) | rans")))!;
        Assert.Equal(type, coarse.FindInitializer("fc.weight")!.ElementType);
        Assert.NotEqual(graph.ToWeights().Values, coarse.ToWeights().Values);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_not_finite_is_carried_by_a_lossless_line_and_refused_by_others(float value)
    {
        var graph = OnnxFileTests.Tiny();
        var weights = graph.ToWeights();
        weights["fc.weight"][3] = value;
        graph = graph.With(weights);

        Assert.Equal(OnnxFile.Write(graph),
            OnnxFile.Write(CompressedModel.Decompress(CompressedModel.Compress(graph, Codec.Parse("rans")))!));
        Assert.Contains("Value 3 of tensor 'fc.weight'",
            Assert.Throws<ArgumentException>(() => CompressedModel.Compress(graph, Codec.Parse("uniform(8) | rans"))).Message);
    }

    [Fact]
    public void The_axis_of_outputs_is_that_of_the_layer()
    {
        Initializer Tensor(string name, params int[] shape) =>
            Initializer.Of(name, shape, new float[shape.Aggregate(1, (product, length) => product * length)]);
        var graph = new ModelGraph("axes", [new("x", ElementType.Float, ["N", 6])],
            [new("y", ElementType.Float, []) { HasShape = false }],
            [
                new("", "MatMul", ["x", "matmul"], ["a"]), new("", "Gemm", ["a", "gemm"], ["b"]),
                new("", "Gemm", ["b", "turned"], ["c"], new Dictionary<string, AttributeValue> { ["transB"] = 1L }),
                new("", "Transpose", ["handed"], ["h"]), new("", "MatMul", ["c", "h"], ["d"]),
                new("", "ConvTranspose", ["d", "deconv"], ["e"]),
                new("", "Conv", ["e", "conv"], ["f"]), new("", "Gather", ["table", "i"], ["y"]),
            ],
            [Tensor("matmul", 6, 6), Tensor("gemm", 6, 6), Tensor("turned", 6, 6), Tensor("handed", 6, 6),
                Tensor("deconv", 6, 3, 3, 3), Tensor("conv", 6, 3, 3, 3), Tensor("table", 9, 4),
                Initializer.Of("i", [1], (ReadOnlySpan<long>)[0L])]);

        Assert.Equal(
            new Dictionary<string, int>
            {
                ["matmul"] = 1,
                ["gemm"] = 1,
                ["turned"] = 0,
                ["handed"] = 0,
                ["deconv"] = 1,
                ["conv"] =
                0,
                ["table"] = 0
            },
            graph.Weights.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Axis));
    }

    [Fact]
    public void Parts_of_which_a_recurrent_layer_is_put_together_are_weights()
    {
        Initializer Tensor(string name, params int[] shape) =>
            Initializer.Of(name, shape, new float[shape.Aggregate(1, (product, length) => product * length)]);
        Initializer Ints(string name, params long[] values) => Initializer.Of(name, [values.Length], (ReadOnlySpan<long>)values);
        Node Node(string op, string inputs, string output, long axis) =>
            new("", op, inputs.Split(' '), [output], op == "Concat" ? new Dictionary<string, AttributeValue> { ["axis"] = axis }
                : []);
        var graph = new ModelGraph("gates", [new("x", ElementType.Float, [3, "N", 4])],
            [new("y", ElementType.Float, []) { HasShape = false }],
            [
                Node("Slice", "forward from0 to2 axis", "i", 0), Node("Slice", "forward from2 to4 axis", "o", 0),
                Node("Concat", "o i", "w1", 0), Node("Unsqueeze", "w1 axis", "w", 0),
                Node("Unsqueeze", "recurrent axis", "r", 0), Node("Concat", "bias_ih bias_hh", "b1", 0),
                Node("Unsqueeze", "b1 axis", "b", 0), Node("RNN", "x w r b", "y", 0),
                Node("Concat", "token y", "c", 0), Node("MatMul", "c head", "z", 0),
            ],
            [
                Tensor("forward", 4, 4), Tensor("recurrent", 4, 4), Tensor("bias_ih", 4), Tensor("bias_hh", 4),
                Tensor("token", 1, 1, 1, 4), Tensor("head", 4, 2),
                Ints("from0", 0), Ints("to2", 2), Ints("from2", 2), Ints("to4", 4), Ints("axis", 0),
            ]);

        Assert.Equal(
            new Dictionary<string, TensorRole>
            {
                ["forward"] = TensorRole.Weight,
                ["recurrent"] = TensorRole.Weight,
                ["bias_ih"] =
                TensorRole.Bias,
                ["bias_hh"] = TensorRole.Bias,
                ["head"] = TensorRole.Weight
            },
            graph.Weights.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Role));
    }

    static byte[] With(params string[] names)
    {
        var model = ModelProto.Parser.ParseFrom(OnnxFile.Write(OnnxFileTests.Tiny()));
        foreach (string name in names)
            Additions[name](model);
        return model.ToByteArray();
    }

    static byte[] OfType(ElementType type)
    {
        var model = ModelProto.Parser.ParseFrom(OnnxFile.Write(OnnxFileTests.Tiny()));
        foreach (var tensor in model.Graph.Initializer.Where(tensor => tensor.DataType == (int)ElementType.Float))
        {
            float[] values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();
            byte[] data = type == ElementType.Double
                ? System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.Select(value => value + 1e-12).ToArray().AsSpan())
                    .ToArray()
                : FloatFormats.Write(values, type.ToFloatFormat()!.Value);
            (tensor.RawData, tensor.DataType) = (ByteString.CopyFrom(data), (int)type);
        }

        return model.ToByteArray();
    }

    static ValueInfoProto Value(string name, IEnumerable<long> shape)
    {
        var value = new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new() { ElemType = 1, Shape = new() } },
        };
        value.Type.TensorType.Shape.Dim.AddRange(
            shape.Select(length => new TensorShapeProto.Types.Dimension { DimValue = length }));
        return value;
    }

    static void ToConstant(GraphProto graph, TensorProto tensor)
    {
        graph.Initializer.Remove(tensor);
        string name = tensor.Name;
        tensor.ClearName();
        graph.Node.Insert(0, new NodeProto
        {
            OpType = "Constant",
            Output = { name },
            Attribute = { new AttributeProto { Name = "value", Type = Kind.Tensor, T = tensor } }
        });
    }

    static void AddBranch(ModelProto model)
    {
        var inner = new GraphProto { Name = "inner" };
        inner.Node.Add(new NodeProto
        {
            OpType = "Constant",
            Output = { "k" },
            Attribute = { new AttributeProto { Name = "value", Type = Kind.Tensor,
                T = new TensorProto { DataType = 1, Dims = { 3, 3 }, RawData = ByteString.CopyFrom(new byte[36]) } } }
        });
        inner.Node.Add(new NodeProto { OpType = "MatMul", Input = { "fc.out", "k" }, Output = { "r" } });
        inner.Output.Add(Value("r", [1, 3]));
        var last = model.Graph.Node[^1];
        string output = last.Output[0];
        last.Output[0] = "fc.out";
        model.Graph.Initializer.Add(new TensorProto { Name = "cond", DataType = 9, RawData = ByteString.CopyFrom(1) });
        model.Graph.Node.Add(new NodeProto
        {
            OpType = "If",
            Input = { "cond" },
            Output = { output },
            Attribute = { new AttributeProto { Name = "then_branch", Type = Kind.Graph, G = inner },
                new AttributeProto { Name = "else_branch", Type = Kind.Graph, G = inner.Clone() } },
        });
    }
}
