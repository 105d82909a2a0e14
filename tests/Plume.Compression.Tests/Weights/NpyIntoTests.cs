using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Weights;

/// <summary>Arrays from strangers, read into places of known shapes.</summary>
public sealed class NpyIntoTests
{
    const string Square = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";

    static readonly Gen<int[]> Shapes = Gen.Int[0, 4].Array[0, 4];

    static byte[] Npy(string header, ReadOnlySpan<byte> values, int? length = null, byte version = 1)
    {
        byte[] text = Encoding.Latin1.GetBytes(header + "\n");
        byte[] stated = new byte[version == 1 ? 2 : 4];
        if (version == 1)
            BinaryPrimitives.WriteUInt16LittleEndian(stated, (ushort)(length ?? text.Length));
        else
            BinaryPrimitives.WriteUInt32LittleEndian(stated, (uint)(length ?? text.Length));
        return [0x93, .. "NUMPY"u8, version, 0, .. stated, .. text, .. values];
    }

    static byte[] Npy(int[] shape, double[] stored, bool isDouble, bool isColumnMajor)
    {
        var values = new List<byte>();
        foreach (double value in stored)
            values.AddRange(isDouble ? BitConverter.GetBytes(value) : BitConverter.GetBytes((float)value));
        string dimensions = string.Join(", ", shape) + (shape.Length == 1 ? "," : "");
        return Npy($"{{'descr': '<f{(isDouble ? 8 : 4)}', 'fortran_order': {isColumnMajor}, 'shape': ({dimensions}), }}",
            [.. values]);
    }

    // The value at row-major place k is k itself; this gives the order in which a column-major file has them.
    static double[] ColumnMajor(int[] shape)
    {
        int count = shape.Aggregate(1, (a, b) => a * b);
        double[] stored = new double[count];
        for (int k = 0; k < count; k++)
        {
            int place = 0, stride = 1, rest = k;
            int[] index = new int[shape.Length];
            for (int axis = shape.Length - 1; axis >= 0; axis--)
                (rest, index[axis]) = Math.DivRem(rest, shape[axis]);
            for (int axis = 0; axis < shape.Length; axis++)
            {
                place += stride * index[axis];
                stride *= shape[axis];
            }

            stored[place] = k;
        }

        return stored;
    }

    static string Refusal(byte[] bytes, params int[] shape)
    {
        float[] values = Enumerable.Repeat(7f, shape.Aggregate(1, (a, b) => a * b)).ToArray();
        string message = Assert.Throws<InvalidPayloadException>(() => NpyFile.ReadInto(bytes, shape, values)).Message;
        Assert.All(values, value => Assert.Equal(7, value));
        return message;
    }

    [Fact]
    public void Floats_are_read_back_to_the_bit() =>
        Shapes.SelectMany(shape => Gen.Select(Gen.Const(shape), Gen.Float.Array[shape.Aggregate(1, (a, b) => a * b)]))
            .Sample((shape, values) =>
        {
            float[] read = new float[values.Length];
            NpyFile.ReadInto(NpyFile.Serialize(values, shape), shape, read);
            Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), read.Select(BitConverter.SingleToInt32Bits));
        });

    [Fact]
    public void Doubles_and_column_major_arrays_are_converted() =>
        Gen.Select(Shapes, Gen.Bool, Gen.Bool).Sample((shape, isDouble, isColumnMajor) =>
        {
            int count = shape.Aggregate(1, (a, b) => a * b);
            double[] stored = isColumnMajor ? ColumnMajor(shape) : [.. Enumerable.Range(0, count).Select(k => (double)k)];
            float[] read = new float[count];
            NpyFile.ReadInto(Npy(shape, stored, isDouble, isColumnMajor), shape, read);
            Assert.Equal(Enumerable.Range(0, count).Select(k => (float)k), read);
        });

    [Fact]
    public void A_double_beyond_a_float_becomes_infinite()
    {
        float[] read = new float[2];
        NpyFile.ReadInto(Npy([2], [1e300, 0.1], isDouble: true, isColumnMajor: false), [2], read);
        Assert.Equal([float.PositiveInfinity, 0.1f], read);
    }

    [Fact]
    public void An_array_of_another_shape_is_refused()
    {
        Assert.Equal("Payload field 'shape' at offset 60 is (2, 2), but it must be (4,).", Refusal(Npy(Square, new byte[16]), 4));
        Assert.Contains("is (), but it must be (1,)", Refusal(Npy([], [0], false, false), 1), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => NpyFile.ReadInto(Npy(Square, new byte[16]), [2, 2], new float[5]));
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647), }", "must be (2, 2)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999999999, 2), }", "a dimension beyond it")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -2), }", "'-', but it must have dimensions from 0")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': ((2, 2),), }", "'(', but it must have dimensions from 0")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': [2, 2], }", "must have '(' there")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': "
        + "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1), }", "at most 32 dimensions")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }",
        "'descr' at offset 20 is '|O', but it must be '<f4' or '<f8'")]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 2), }", "is '>f4'")]
    [InlineData("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2, 2), }", "must have a string in quotes there")]
    [InlineData("{'descr': '<f4', 'fortran_order': None, 'shape': (2, 2), }", "must be True or False")]
    [InlineData("{'descr': 'f\u00FC\u00DF', 'fortran_order': False, 'shape': (2, 2), }", "is a text of 3 bytes")]
    [InlineData("{'d\rescr': '<f4'}", "is key a text of 6 bytes")]
    [InlineData("{'0123456789012345678901234567890123456789': '<f4'}", "is key a text of 40 bytes")]
    [InlineData("{'descr': '<f4', ", "is at its end, but it must have a string in quotes there")]
    [InlineData("", "must have '{' there")]
    public void A_hostile_header_is_refused(string header, string rule) =>
        Assert.Contains(rule, Refusal(Npy(header, new byte[16]), 2, 2), StringComparison.Ordinal);

    [Fact]
    public void A_header_longer_than_the_file_or_than_any_header_is_refused()
    {
        Assert.Contains("inside header", Refusal(Npy(Square, new byte[16], length: 60_000), 2, 2), StringComparison.Ordinal);
        Assert.Contains("inside header", Refusal(Npy(Square, new byte[16], length: -1, version: 2), 2, 2),
            StringComparison.Ordinal);
        Assert.Contains("must have at most 10000", Refusal(Npy(Square.PadRight(20_000), new byte[16], version: 3), 2, 2),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_or_lengthened_anywhere_is_refused()
    {
        byte[] whole = Npy([2, 2], [1, 2, 3, 4], isDouble: true, isColumnMajor: true);
        for (int length = 0; length < whole.Length; length++)
            Refusal(whole[..length], 2, 2);
        Refusal([.. whole, 0], 2, 2);
    }

    [Fact]
    public void Damaged_bytes_are_read_or_refused_and_nothing_else() =>
        Gen.Select(Gen.Int[0, 90], Gen.Byte, Gen.Int[0, 90], Gen.Byte).Sample((first, one, second, other) =>
        {
            byte[] bytes = Npy([2, 2], [1, 2, 3, 4], isDouble: false, isColumnMajor: false);
            (bytes[first % bytes.Length], bytes[second % bytes.Length]) = (one, other);
            try
            {
                NpyFile.ReadInto(bytes, [2, 2], new float[4]);
            }
            catch (InvalidPayloadException)
            {
            }
        }, iter: 20_000);
}
