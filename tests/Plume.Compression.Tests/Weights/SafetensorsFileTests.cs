using System.Text;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Weights;

public class SafetensorsFileTests
{
    // Every type, a scalar, an empty tensor, metadata, and a header whose order is not that of the bytes.
    const string Header = """
        {"z.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[24,32]}, "__metadata__":{"format":"pt","by":"x"},
        "a":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[8,16]},
        "c":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},"d":{"dtype":"BOOL","shape":[3],"data_offsets":[32,35]},
        "e":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[35,36]},"none":{"dtype":"F32","shape":[0,7],"data_offsets":[36,36]}}
        """;

    [Fact]
    public void A_file_is_written_again_to_the_byte()
    {
        byte[] bytes = Whole();

        Assert.Equal(bytes, SafetensorsFile.Read(bytes).ToBytes());
    }

    [Fact]
    public void Its_floats_come_back_to_the_byte_through_32_bits_and_the_rest_is_carried()
    {
        byte[] bytes = Whole();
        var file = SafetensorsFile.Read(bytes);
        var weights = file.ToWeights();

        byte[] rest = file.WriteWithout(weights.Layout);

        Assert.Equal(["a", "b", "c", "none"], weights.Layout.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(bytes.Length - 24, rest.Length);
        Assert.Equal(bytes, SafetensorsFile.ReadWith(rest, weights).ToBytes());
    }

    [Fact]
    public void Values_of_other_tensors_are_refused()
    {
        var file = SafetensorsFile.Read(Whole());
        byte[] rest = file.WriteWithout(file.ToWeights().Layout);
        foreach (var layout in new[] { ModelLayout.Of([("q", [2], TensorRole.Weight)]),
            ModelLayout.Of([("a", [4], TensorRole.Weight)]), ModelLayout.Of([("d", [3], TensorRole.Bias)]) })
            Assert.Throws<InvalidPayloadException>(() => SafetensorsFile.ReadWith(rest, new ModelWeights(layout)));
    }

    [Theory]
    [InlineData(FloatFormat.F16)]
    [InlineData(FloatFormat.BF16)]
    public void Every_narrow_number_comes_back_through_32_bits(FloatFormat format)
    {
        ushort[] all = [.. Enumerable.Range(0, 65_536).Select(bits => (ushort)bits).Where(bits => !IsNaN(bits, format))];
        byte[] bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(all.AsSpan()).ToArray();
        var wide = new float[all.Length];

        FloatFormats.Read(bytes, format, wide);

        Assert.Equal(bytes, FloatFormats.Write(wide, format));
    }

    [Theory]
    [InlineData(FloatFormat.F16, 1e9f, 65_504f)]
    [InlineData(FloatFormat.F16, -65_520f, -65_504f)]
    [InlineData(FloatFormat.BF16, float.MaxValue, 3.3895314e38f)]
    [InlineData(FloatFormat.BF16, 1.00390625f, 1f)]
    [InlineData(FloatFormat.BF16, 1.01171875f, 1.015625f)]
    [InlineData(FloatFormat.F16, float.PositiveInfinity, float.PositiveInfinity)]
    public void A_number_goes_to_the_nearest_finite_one(FloatFormat format, float value, float nearest)
    {
        var back = new float[1];
        FloatFormats.Read(FloatFormats.Write([value], format), format, back);
        Assert.Equal(nearest, back[0]);
    }

    static bool IsNaN(ushort bits, FloatFormat format) => format == FloatFormat.F16
        ? Half.IsNaN(BitConverter.UInt16BitsToHalf(bits))
        : float.IsNaN(BitConverter.UInt32BitsToSingle((uint)bits << 16));

    static byte[] Whole()
    {
        byte[] header = Encoding.UTF8.GetBytes(Header.ReplaceLineEndings("\n"));
        byte[] data = [0, 0x3C, 0, 0x80, 0xFF, 0x7B, 1, 0, 0x80, 0x3F, 0, 0x80, 1, 0, 0x7F, 0x7F, .. BitConverter.GetBytes(1.1f),
            .. BitConverter.GetBytes(-0f), .. BitConverter.GetBytes(12345678901L), 1, 0, 1, 0x55];
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. data];
    }
}
