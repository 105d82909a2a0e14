using System.Buffers.Binary;
using System.Text;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Weights;

public class SafetensorsTests
{
    [Fact]
    public void What_is_written_reads_back()
    {
        var layout = Some.Lenet;
        var weights = new ModelWeights(layout, Some.Normal(layout.Length));
        var read = Safetensors.Read(Safetensors.Write(weights));
        Assert.Equal(layout, read.Layout);
        Assert.Equal(weights.Values, read.Values);
    }

    [Fact]
    public void Tensors_of_every_float_type_become_32_bit_floats()
    {
        byte[] data = [.. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes((Half)(-2)), 0x80, 0x3F,
            .. BitConverter.GetBytes(0.25)];
        var weights = Safetensors.Read(File("""
            {"d":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},
            "b":{"dtype":"F16","shape":[1,1],"data_offsets":[4,6]},"layer.bn.weight":{"dtype":"BF16","shape":[1],"data_offsets":[6,8]}}
            """, data));
        Assert.Equal([1.5f, -2, 1, 0.25f], weights.Values);
        Assert.Equal([TensorRole.Bias, TensorRole.Weight, TensorRole.Normalization, TensorRole.Bias],
            weights.Layout.Tensors.Select(tensor => tensor.Role));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4,
        "needs 8 bytes, but its data_offsets 0 to 4 hold 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8,
        "The tensors cover 4 bytes, but the file holds 8 after its header.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8,
        "Tensor 'a' must begin where the one before it ends, at byte 0, but begins at 4.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""",
        4, "Tensor 'b' must begin")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
        8, "the header has 'a' twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,400]}}""", 4,
        "'400' where a whole number from 0 to 4 must stand")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "'-1' where a whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[65536,65536,65536,65536],"data_offsets":[0,4]}}""", 4, "needs 2147483648 bytes")]
    [InlineData("""{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}""", 8,
        "Tensor 'a' has dtype 'I64', but weights must be")]
    [InlineData("""{"a":{"dtype":"Q4","shape":[1],"data_offsets":[0,8]}}""", 8, "Tensor 'a' has dtype 'Q4'; known are")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "Tensor 'a' must have a dtype, a shape and two data_offsets.")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "but has 'dtype' beyond them")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", 4, "but has 'x' beyond them")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "'__metadata__' in the header must hold a string as 'a'.")]
    [InlineData("""{"a":3}""", 0, "'a' in the header must hold an object.")]
    [InlineData(""" {}""", 0, "The header must begin with '{'")]
    [InlineData("""{} x""", 0, "The header is not valid JSON")]
    [InlineData("""{"a":""", 0, "The header is not valid JSON")]
    [InlineData("""{"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "A tensor's name must be there")]
    public void A_broken_rule_is_named(string header, int dataLength, string problem) =>
        Assert.Contains(problem,
            Assert.Throws<InvalidPayloadException>(() => Safetensors.Read(File(header, new byte[dataLength]))).Message);

    [Fact]
    public void A_header_length_beyond_the_file_takes_no_memory()
    {
        byte[] bytes = File("{}", []);
        foreach (ulong length in new[] { 3UL, 100_000_000UL, ulong.MaxValue, 1UL << 63 })
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
            Assert.Throws<InvalidPayloadException>(() => Safetensors.Read(bytes));
        }
    }

    [Fact]
    public void Damaged_files_are_refused_or_read_and_nothing_else_escapes()
    {
        var layout = ModelLayout.Of([("w", [4, 5], TensorRole.Weight), ("b", [5], TensorRole.Bias)]);
        byte[] bytes = Safetensors.Write(new ModelWeights(layout));
        int read = 0;
        for (int length = 0; length < bytes.Length; length++)
            Assert.Throws<InvalidPayloadException>(() => Safetensors.Read(bytes.AsSpan(0, length)));
        foreach (byte[] damaged in Mutations.Of(bytes, seed: 6, count: 5000))
        {
            try
            {
                read += Safetensors.Read(damaged).Layout.Length;
            }
            catch (InvalidPayloadException)
            {
                continue;
            }
        }

        Assert.NotEqual(0, read);
    }

    static byte[] File(string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header.ReplaceLineEndings(""));
        return [.. BitConverter.GetBytes((ulong)text.Length), .. text, .. data];
    }
}
