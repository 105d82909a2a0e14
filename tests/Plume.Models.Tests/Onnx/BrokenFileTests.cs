using Google.Protobuf;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Onnx.Messages;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Tests;

/// <summary>Whole protobuf messages that break one rule each; the error names the part and the rule.</summary>
public class BrokenFileTests
{
    static readonly Dictionary<string, (Action<ModelProto> Break, string[] Words)> Breaks = new()
    {
        ["no version"] = (m => m.ClearIrVersion(), ["ir_version", "at least 3"]),
        ["no graph"] = (m => m.Graph = null, ["graph is missing"]),
        ["sparse"] = (m => m.Graph.SparseInitializer.Add(ByteString.Empty), ["sparse_initializer", "dense"]),
        ["no opset"] = (m => m.OpsetImport.Clear(), ["opset_import", "operator set"]),
        ["opset twice"] = (m => m.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx", Version = 9 }),
            ["opset_import ''", "twice"]),
        ["opset zero"] = (m => m.OpsetImport[0].Version = 0, ["opset_import ''", "0", "positive"]),
        ["unknown domain"] = (m => m.Graph.Node[0].Domain = "acme", ["'conv'", "'acme'", "opset_import"]),
        ["dotted operator"] = (m => m.Graph.Node[0].OpType = "a.b", ["op_type", "dot"]),
        ["no operator"] = (m => m.Graph.Node[0].OpType = "", ["'conv'", "no operator"]),
        ["notes twice"] = (m => m.MetadataProps.Add([new() { Key = "k" }, new() { Key = "k" }]), ["metadata_props 'k'", "twice"]),
        ["no output"] = (m => m.Graph.Output.Clear(), ["no output"]),
        ["output twice"] = (m => m.Graph.Output.Add(m.Graph.Output[0]), ["'output'", "twice"]),
        ["dangling output"] = (m => m.Graph.Output[0].Name = "z", ["'z'", "Nothing writes"]),
        ["dangling input"] = (m => m.Graph.Node[2].Input[0] = "z", ["'relu1' (Relu)", "'z'", "nothing writes"]),
        ["cycle"] = (m => m.Graph.Node[0].Input[0] = "relu1", ["'conv' (Conv)", "'relu1'", "cycle"]),
        ["tensor twice"] = (m => m.Graph.Initializer.Add(m.Graph.Initializer[0]), ["'conv.weight'", "two"]),
        ["value twice"] = (m => m.Graph.Node[2].Output[0] = "conv", ["'conv'", "taken"]),
        ["nameless tensor"] = (m => m.Graph.Initializer[0].Name = "", ["no name"]),
        ["writes nothing"] = (m => m.Graph.Node[^1].Output[0] = "", ["'fc' (Gemm)", "writes nothing"]),
        ["negative length"] = (m => m.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = -1,
            ["input 'input'", "-1", "symbol"]),
        ["many dimensions"] = (m =>
            m.Graph.Input[0].Type.TensorType.Shape.Dim.Add(Enumerable.Repeat(new TensorShapeProto.Types.Dimension(), 30)),
            ["input 'input'", "34 long", "32"]),
        ["text tensor"] = (m => m.Graph.Initializer[0].DataType = (int)ElementType.String,
            ["'conv.weight'", "element type", "8"]),
        ["unknown type"] = (m => m.Graph.Initializer[0].DataType = 77, ["'conv.weight'", "element type", "77"]),
        ["short tensor"] = (m => m.Graph.Initializer[0].RawData = ByteString.CopyFrom(new byte[68]),
            ["'conv.weight' [2, 1, 3, 3]", "72", "68"]),
        ["no values"] = (m => m.Graph.Initializer[0].ClearRawData(), ["'conv.weight'", "72", "0"]),
        ["huge shape"] = (m => m.Graph.Initializer[0].Dims[0] = 1L << 62, ["'conv.weight'", "dims", "4611686018427387904"]),
        ["overflowing shape"] = (m => m.Graph.Initializer[0].Dims.Add(Enumerable.Repeat(1L << 30, 8)), ["'conv.weight'", "dims"]),
        ["negative shape"] = (m => m.Graph.Initializer[0].Dims[0] = -2, ["'conv.weight'", "dims", "-2"]),
        ["deep shape"] = (m => m.Graph.Initializer[0].Dims.Add(Enumerable.Repeat(1L, 29)), ["'conv.weight'", "33 long"]),
        ["filled twice"] = (m => m.Graph.Initializer[0].FloatData.Add(1), ["'conv.weight'", "twice"]),
        ["elsewhere"] = (m => m.Graph.Initializer[0].DataLocation = TensorProto.Types.DataLocation.External,
            ["'conv.weight'", "another file"]),
        ["attribute twice"] = (m => m.Graph.Node[0].Attribute.Add(m.Graph.Node[0].Attribute[0]),
            ["'conv' (Conv)", "'kernel_shape'", "twice"]),
        ["subgraph"] = (m => m.Graph.Node[0].Attribute[0].Type = Kind.Graph, ["'conv' (Conv)", "'kernel_shape'", "Graph"]),
        ["unknown attribute type"] = (m => m.Graph.Node[0].Attribute[0].Type = (Kind)99, ["'kernel_shape'", "99"]),
        ["no tensor in it"] = (m => m.Graph.Node[0].Attribute[0].Type = Kind.Tensor, ["'kernel_shape'", "Tensor"]),
        ["reference"] = (m => m.Graph.Node[0].Attribute[0].RefAttrName = "r", ["'kernel_shape'", "'r'"]),
        ["not text"] = (m => m.Graph.Node[0].Attribute.Add(
            new AttributeProto { Name = "t", Type = Kind.String, S = ByteString.CopyFrom(0xFF) }), ["'t'", "UTF-8"]),
        ["too large a byte"] = (m =>
            m.Graph.Initializer.Add(
                new TensorProto { Name = "b", Dims = { 1 }, DataType = (int)ElementType.UInt8, Int32Data = { 256 } }),
                ["'b'", "cannot hold"]),
    };

    public static TheoryData<string> Names => [.. Breaks.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_broken_rule_is_named_with_its_place(string name)
    {
        var model = ModelProto.Parser.ParseFrom(OnnxFile.Write(OnnxFileTests.Tiny()));
        Breaks[name].Break(model);

        var error = Assert.Throws<InvalidPayloadException>(() => OnnxFile.Read(model.ToByteArray()));

        Assert.All(Breaks[name].Words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void The_file_is_named_where_it_came_from_one()
    {
        string path = Path.GetTempFileName();
        try
        {
            Assert.Contains(path, Assert.Throws<InvalidPayloadException>(() => OnnxFile.ReadFile(path)).Message,
                StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
