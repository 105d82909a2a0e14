using System.Runtime.InteropServices;
using Google.Protobuf;
using Plume.Compression.Weights.Formats;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Tests;

/// <summary>Exporters put values into raw bytes or into a typed field; both read alike.</summary>
public class TypedDataTests
{
    static readonly Dictionary<ElementType, (TensorProto Message, byte[] Bytes)> Typed = new()
    {
        [ElementType.Float] = (new() { FloatData = { 1.5f, -2 } }, Bytes(1.5f, -2f)),
        [ElementType.Double] = (new() { DoubleData = { 1.5, -2 } }, Bytes(1.5, -2.0)),
        [ElementType.Int64] = (new() { Int64Data = { long.MinValue, 7 } }, Bytes(long.MinValue, 7L)),
        [ElementType.UInt64] = (new() { Uint64Data = { ulong.MaxValue, 7 } }, Bytes(ulong.MaxValue, 7UL)),
        [ElementType.UInt32] = (new() { Uint64Data = { uint.MaxValue, 7 } }, Bytes(uint.MaxValue, 7U)),
        [ElementType.Int32] = (new() { Int32Data = { int.MinValue, 7 } }, Bytes(int.MinValue, 7)),
        [ElementType.Int16] = (new() { Int32Data = { short.MinValue, 7 } }, Bytes(short.MinValue, (short)7)),
        [ElementType.Int8] = (new() { Int32Data = { -128, 7 } }, Bytes((sbyte)-128, (sbyte)7)),
        [ElementType.UInt16] = (new() { Int32Data = { 65535, 7 } }, Bytes((ushort)65535, (ushort)7)),
        [ElementType.UInt8] = (new() { Int32Data = { 255, 7 } }, [255, 7]),
        [ElementType.Bool] = (new() { Int32Data = { 1, 0 } }, [1, 0]),
        [ElementType.Float16] = (new() { Int32Data = { 0x3C00, 0xC000 } }, Bytes((Half)1, (Half)(-2))),
        [ElementType.Complex64] = (new() { FloatData = { 1.5f, -2, 0, 1 } }, Bytes(1.5f, -2f, 0f, 1f)),
        [ElementType.Complex128] = (new() { DoubleData = { 1.5, -2, 0, 1 } }, Bytes(1.5, -2.0, 0.0, 1.0)),
        [ElementType.Float8E4M3FN] = (new() { Int32Data = { 0x38, 255 } }, [0x38, 255]),
        [ElementType.Float8E4M3FNUZ] = (new() { Int32Data = { 0x38, 255 } }, [0x38, 255]),
        [ElementType.Float8E5M2] = (new() { Int32Data = { 0x38, 255 } }, [0x38, 255]),
        [ElementType.Float8E5M2FNUZ] = (new() { Int32Data = { 0x38, 255 } }, [0x38, 255]),
        [ElementType.BFloat16] = (new() { Int32Data = { 0x3F80, 0xC000 } }, Bytes((ushort)0x3F80, (ushort)0xC000)),
    };

    public static TheoryData<ElementType> Types => [.. Enum.GetValues<ElementType>().Where(type => type.Size() > 0)];

    [Theory, MemberData(nameof(Types))]
    public void Values_in_a_typed_field_read_as_those_in_raw_bytes(ElementType type)
    {
        var message = Typed[type].Message;
        (message.Name, message.DataType) = ("c", (int)type);
        message.Dims.Clear();
        message.Dims.Add(2);
        var model = ModelProto.Parser.ParseFrom(OnnxFile.Write(OnnxFileTests.Tiny()));
        model.Graph.Initializer.Add(message);

        var tensor = OnnxFile.Read(model.ToByteArray()).FindInitializer("c")!;

        Assert.Equal(type, tensor.ElementType);
        Assert.Equal(Typed[type].Bytes, tensor.Data.ToArray());
    }

    [Fact]
    public void Initializers_that_stand_among_the_inputs_are_not_inputs()
    {
        var model = ModelProto.Parser.ParseFrom(OnnxFile.Write(OnnxFileTests.Tiny()));
        model.Graph.Input.Add(new ValueInfoProto { Name = "conv.weight" });

        Assert.Equal("input", Assert.Single(OnnxFile.Read(model.ToByteArray()).Inputs).Name);
    }

    [Fact]
    public void The_two_names_of_the_operator_set_of_ONNX_are_one()
    {
        var model = ModelProto.Parser.ParseFrom(OnnxFile.Write(OnnxFileTests.Tiny()));
        model.OpsetImport[0].Domain = "ai.onnx";
        model.Graph.Node[0].Domain = "ai.onnx";

        Assert.Equal("Conv", OnnxFile.Read(model.ToByteArray()).Nodes[0].OpType);
    }

    static byte[] Bytes<T>(params T[] values) where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
