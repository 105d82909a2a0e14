using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Plume.Compression.Weights.Formats;

/// <summary>The values of a <see cref="NpyFile"/>: little-endian in the file, row-major floats in memory.</summary>
static class NpyValues
{
    /// <summary>Reads all values of an array; a double beyond a float's range becomes infinite.</summary>
    public static void Copy(ReadOnlySpan<byte> stored, NpyForm form, Span<float> values)
    {
        if (form.IsColumnMajor)
        {
            Transpose(stored, form, values);
        }
        else if (form.IsDouble)
        {
            for (int i = 0; i < values.Length; i++)
                values[i] = ValueAt(stored, i, isDouble: true);
        }
        else
        {
            stored.CopyTo(MemoryMarshal.AsBytes(values));
            if (!BitConverter.IsLittleEndian)
                Reverse(values);
        }
    }

    /// <summary>Writes all values of a row-major array.</summary>
    public static void Store(ReadOnlySpan<float> values, Span<byte> stored)
    {
        MemoryMarshal.AsBytes(values).CopyTo(stored);
        if (!BitConverter.IsLittleEndian)
            Reverse(MemoryMarshal.Cast<byte, float>(stored));
    }

    // Walks the values row by row; the place in the file moves by the stride of the index that is counted up.
    static void Transpose(ReadOnlySpan<byte> stored, NpyForm form, Span<float> values)
    {
        int[] shape = form.Shape;
        int[] index = new int[shape.Length], strides = new int[shape.Length];
        int stride = 1;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        int place = 0;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ValueAt(stored, place, form.IsDouble);
            for (int axis = shape.Length - 1; axis >= 0; axis--)
            {
                place += strides[axis];
                if (++index[axis] < shape[axis])
                    break;
                place -= index[axis] * strides[axis];
                index[axis] = 0;
            }
        }
    }

    static float ValueAt(ReadOnlySpan<byte> stored, int place, bool isDouble) => isDouble
        ? (float)BinaryPrimitives.ReadDoubleLittleEndian(stored[(sizeof(double) * place)..])
        : BinaryPrimitives.ReadSingleLittleEndian(stored[(sizeof(float) * place)..]);

    static void Reverse(Span<float> values)
    {
        var words = MemoryMarshal.Cast<float, int>(values);
        BinaryPrimitives.ReverseEndianness(words, words);
    }
}
