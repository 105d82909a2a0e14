using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Weights;

public sealed class NpyFileTests
{
    const string Good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";

    // The file that numpy.save writes for numpy.array([1.5, -2], dtype='<f4').
    static readonly byte[] FromNumpy =
    [
        0x93, .. "NUMPY"u8, 1, 0, 0x76, 0,
        .. Encoding.ASCII.GetBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".PadRight(117) + "\n"),
        0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0,
    ];

    static byte[] Npy(string header, int version = 1, int values = 4)
    {
        byte[] text = Encoding.Latin1.GetBytes(header + "\n");
        byte[] length = new byte[version == 1 ? 2 : 4];
        if (version == 1)
            BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        else
            BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. text, .. new byte[4 * values]];
    }

    static string Refusal(byte[] bytes) => Assert.Throws<InvalidPayloadException>(() => NpyFile.Parse(bytes)).Message;

    [Fact]
    public void A_file_is_byte_for_byte_what_numpy_writes() => Assert.Equal(FromNumpy, NpyFile.Serialize([1.5f, -2], 2));

    [Fact]
    public void What_is_written_is_read_back() =>
        Gen.Int[0, 5].Array[0, 4].SelectMany(shape =>
            Gen.Select(Gen.Const(shape), Gen.Float.Array[shape.Aggregate(1, (a, b) => a * b)])).Sample((shape, values) =>
        {
            byte[] bytes = NpyFile.Serialize(values, shape);
            var read = NpyFile.Parse(bytes);
            Assert.Equal(shape, read.Shape);
            Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), read.Values.Select(BitConverter.SingleToInt32Bits));
            Assert.Equal(0, (bytes.Length - 4 * values.Length) % 64);
        });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_version_of_the_format_is_read(int version) => Assert.Equal([2, 2], NpyFile.Parse(Npy(Good, version)).Shape);

    [Theory]
    [InlineData("{\"shape\":(2,2),\"fortran_order\":False,\"descr\":\"<f4\"}")]
    [InlineData("{'shape': (2, 2,), 'descr': '<f4', 'fortran_order': False}   ")]
    public void Keys_stand_in_any_order_and_quotes(string header) => Assert.Equal([2, 2], NpyFile.Parse(Npy(header)).Shape);

    [Fact]
    public void A_file_cut_or_lengthened_anywhere_is_refused()
    {
        for (int length = 0; length < FromNumpy.Length; length++)
            Refusal(FromNumpy[..length]);
        Refusal([.. FromNumpy, 0]);
    }

    [Fact]
    public void Any_change_of_the_first_bytes_is_refused_or_harmless() =>
        Gen.Select(Gen.Int[0, 127], Gen.Byte).Sample((place, value) =>
        {
            byte[] bytes = [.. FromNumpy];
            bytes[place] = value;
            try
            {
                Assert.Equal([1.5f, -2], NpyFile.Parse(bytes).Values);
            }
            catch (InvalidPayloadException)
            {
            }
        }, iter: 20_000);

    [Theory]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }",
        "Payload field 'descr' at offset 20 is '<f8', but it must be '<f4', 32-bit floats; in NumPy, save array.astype('<f4').")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }",
        "Payload field 'fortran_order' at offset 44 is True, but it must be False; in NumPy, save numpy.ascontiguousarray(array).")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4), }", "a single dimension has a comma after it")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-4,), }",
        "'shape' at offset 61 is '-', but it must have dimensions from 0 to 2147483647")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 2), }", "is 'L', but it must have ')' there")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }", "a dimension beyond it")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, }", "must have descr, fortran_order and shape")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }",
        "is key 'descr', but it must be descr, fortran_order and shape, each once")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), 'more': 1}", "is key 'more'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), } x", "must be blank after its dictionary")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999, 99999, 99999), }",
        "inside values: 8589934592 bytes needed")]
    public void Another_header_is_refused_with_its_place(string header, string rule) =>
        Assert.Contains(rule, Refusal(Npy(header)), StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_no_array_is_refused_by_name()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "not an array at all");
            string message = Assert.Throws<InvalidPayloadException>(() => NpyFile.Read(path)).Message;
            Assert.Equal($"File '{path}' is not a whole .npy array of floats. Payload field 'magic' at offset 0 is "
                + $"6E6F7420616E, but it must be 934E554D5059.", message);
            NpyFile.Write(path, [1, 2, 3], 3, 1);
            Assert.Equal([3, 1], NpyFile.Read(path).Shape);
            Assert.Throws<ArgumentException>(() => NpyFile.Write(path, [1, 2], 3));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
