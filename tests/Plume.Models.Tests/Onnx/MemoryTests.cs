using Plume.Compression.Codecs;
using Plume.Models.Container;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Onnx.Messages;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Tests;

/// <summary>What is done to a file takes so many times its bytes, whichever way it holds them.</summary>
public class MemoryTests
{
    const int Side = 1500;

    public static TheoryData<string, double> Forms => new()
    {
        { "raw", 1.1 },
        { "typed", 3.2 },
        { "constant", 1.1 },
        { "branch", 1.2 },
    };

    [Theory, MemberData(nameof(Forms))]
    public void Reading_takes_a_fixed_multiple_of_a_file(string form, double most)
    {
        byte[] bytes = File(form);
        OnnxFile.Read(bytes);

        double taken = Taken(() => OnnxFile.Read(bytes)) / bytes.Length;

        Assert.InRange(taken, 0, most);
    }

    [Theory]
    [InlineData("raw")]
    [InlineData("constant")]
    [InlineData("branch")]
    public void Writing_to_a_stream_copies_no_tensor(string form)
    {
        var graph = OnnxFile.Read(File(form));

        Assert.InRange(Taken(() => OnnxFile.Write(graph, Stream.Null)), 0, 1 << 20);
    }

    [Fact]
    public void A_model_is_taken_apart_with_one_copy_of_its_weights_and_put_together_with_another()
    {
        var graph = OnnxFile.Read(File("raw"));
        double length = 4.0 * graph.Weights.Length;
        var codec = Codec.Parse("uniform(8, channel) | rans");
        var parts = CompressedModel.Split(graph, codec);
        var file = parts.Encode(codec);

        Assert.InRange(Taken(() => CompressedModel.Split(graph, codec)) / length, 0, 1.1);
        Assert.InRange(Taken(() => file.WriteTo(Stream.Null)) / length, 0, 0.1);
        Assert.InRange(Taken(() => CompressedModel.Decompress(file)) / length, 0, 1.6);
    }

    static double Taken(Action work)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    static byte[] File(string form)
    {
        float[] values = Some.Normal(Side * Side, "memory");
        var graph = new ModelGraph("large", [new("x", ElementType.Float, ["N", Side])],
            [new("y", ElementType.Float, ["N", Side])], [new("", "MatMul", ["x", "w"], ["y"])],
            [Initializer.Of("w", [Side, Side], values)]);
        var model = ModelProto.Parser.ParseFrom(OnnxFile.Write(graph));
        var tensor = model.Graph.Initializer[0];
        switch (form)
        {
            case "typed":
                tensor.ClearRawData();
                tensor.FloatData.AddRange(values);
                break;
            case "constant":
                model.Graph.Initializer.Clear();
                model.Graph.Node.Insert(0,
                    new NodeProto
                    {
                        OpType = "Constant",
                        Output = { "w" },
                        Attribute = { new AttributeProto { Name = "value", Type = Kind.Tensor, T = tensor } }
                    });
                break;
            case "branch":
                var inner = new GraphProto
                {
                    Name = "inner",
                    Initializer = { tensor },
                    Node = { new NodeProto { OpType = "MatMul", Input = { "x", "w" }, Output = { "r" } } },
                    Output = { new ValueInfoProto { Name = "r" } },
                };
                var empty = new GraphProto
                {
                    Name = "other",
                    Node = { new NodeProto { OpType = "Identity", Input = { "x" }, Output = { "s" } } },
                    Output = { new ValueInfoProto { Name = "s" } },
                };
                model.Graph.Initializer.Clear();
                model.Graph.Node.Clear();
                model.Graph.Initializer.Add(
                    new TensorProto { Name = "cond", DataType = 9, RawData = Google.Protobuf.ByteString.CopyFrom(1) });
                model.Graph.Node.Add(new NodeProto
                {
                    OpType = "If",
                    Input = { "cond" },
                    Output = { "y" },
                    Attribute = { new AttributeProto { Name = "then_branch", Type = Kind.Graph, G = inner },
                        new AttributeProto { Name = "else_branch", Type = Kind.Graph, G = empty } }
                });
                break;
        }

        return Google.Protobuf.MessageExtensions.ToByteArray(model);
    }
}
