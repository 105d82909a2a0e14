using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Models.Container;
using Plume.Models.Graph;
using Plume.Models.Onnx;

namespace Plume.Models.Tests.Container;

public class IntegerWeightsTests
{
    static readonly Codec Lossless = Codec.Parse("rans");

    [Theory]
    [InlineData(ElementType.Int8)]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Int4)]
    [InlineData(ElementType.UInt4)]
    public void A_quantized_graph_comes_back_to_the_byte(ElementType type)
    {
        var graph = Quantized(type, 41, 51);
        var file = PlumeFile.Read(CompressedModel.Compress(graph, Lossless).ToBytes());
        Assert.NotNull(file.Integers);
        Assert.Equal(OnnxFile.Write(graph), OnnxFile.Write(CompressedModel.Decompress(file)!));
    }

    [Fact]
    public void A_small_tensor_of_integers_stays_in_the_graph() =>
        Assert.Null(CompressedModel.Compress(Quantized(ElementType.Int8, 2, 3), Lossless).Integers);

    [Fact]
    public void Integers_of_another_model_are_refused()
    {
        var file = CompressedModel.Compress(Quantized(ElementType.Int8, 40, 50), Lossless);
        var other = CompressedModel.Compress(Quantized(ElementType.Int8, 50, 40), Lossless);
        Assert.Equal("The file's graph and its integers are of different models.",
            Assert.Throws<InvalidPayloadException>(() =>
                CompressedModel.Decompress(file with { Integers = other.Integers })).Message);
    }

    [Fact]
    public void An_integer_out_of_the_range_of_its_type_is_refused()
    {
        var file = CompressedModel.Compress(Quantized(ElementType.Int8, 40, 50), Lossless);
        var weights = new ModelWeights(file.Integers!.Layout);
        weights.Values[7] = 128;
        var forged = CompressedModel.Compress(weights, file.Integers.Codec);
        Assert.Equal("Value 7 of tensor 'w' is 128, which is out of the range of Int8.",
            Assert.Throws<InvalidPayloadException>(() => CompressedModel.Decompress(file with { Integers = forged })).Message);
    }

    static ModelGraph Quantized(ElementType type, int rows, int columns)
    {
        int length = type.IsHalfByte() ? (rows * columns + 1) / 2 : rows * columns;
        var draws = new RandomDraws(RandomKey.FromSeed(4));
        byte[] bytes = [.. Enumerable.Range(0, length)
            .Select(_ => (byte)(draws.NextNormal() * 20 + (type == ElementType.UInt8 ? 128 : 0)))];
        return new ModelGraph(
            "quantized",
            [new ValueInfo("x", ElementType.Float, ["N", rows])],
            [new ValueInfo("y", ElementType.Float, ["N", columns])],
            [new Node("dequantize", "DequantizeLinear", ["w", "s", "z"], ["d"]),
                new Node("product", "MatMul", ["x", "d"], ["y"])],
            [new Initializer("w", type, [rows, columns], length < rows * columns ? [.. bytes[..^1], (byte)(bytes[^1] & 0xF)]
                : bytes), Initializer.Of("s", [], [0.01f]),
                new Initializer("z", type, [], new byte[] { (byte)(type == ElementType.UInt8 ? 128 : 0) })]);
    }
}
