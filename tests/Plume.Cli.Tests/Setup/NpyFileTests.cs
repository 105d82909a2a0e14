using System.Buffers.Binary;
using System.Text;
using Plume.Cli.Setup;
using Plume.Compression.Container;

namespace Plume.Cli.Tests.Setup;

public class NpyFileTests
{
    static byte[] Npy(string header, params float[] values)
    {
        byte[] text = Encoding.Latin1.GetBytes(header + "\n");
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        return [0x93, .. "NUMPY"u8, 1, 0, .. length, .. text, .. values.SelectMany(BitConverter.GetBytes)];
    }

    static byte[] Good => Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 1, -2, 3.5f, 0);

    [Fact]
    public void Values_come_in_the_order_of_the_file() => Assert.Equal([1, -2, 3.5f, 0], NpyFile.Read(Good));

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 1)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", 0)]
    public void A_scalar_has_one_value_and_an_empty_array_none(string header, int count) =>
        Assert.Equal(count, NpyFile.Read(Npy(header, new float[count])).Length);

    [Fact]
    public void A_file_cut_or_lengthened_anywhere_is_refused()
    {
        for (int length = 0; length < Good.Length; length++)
            Assert.Throws<InvalidPayloadException>(() => NpyFile.Read(Good.AsSpan(0, length)));
        Assert.Throws<InvalidPayloadException>(() => NpyFile.Read([.. Good, 0]));
    }

    [Theory]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", "must have the type '<f4'")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "must be row-major")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, }", "must have a shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999, 99999, 99999), }", "must have at most")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 99999999999), }", "must have at most")]
    public void Another_kind_of_array_is_refused(string header, string rule) =>
        Assert.Contains(rule, Assert.Throws<InvalidPayloadException>(() => NpyFile.Read(Npy(header, 1))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_value_that_is_not_finite_is_refused_with_its_place() => Assert.Equal(
        "Payload field 'values' at offset 72 is NaN, but it must be finite.",
        Assert.Throws<InvalidPayloadException>(() => NpyFile.Read(Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 1, float.NaN))).Message);
}
