using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Plume.Compression.Weights.Formats;

/// <summary>How a file holds floats.</summary>
public enum FloatFormat
{
    /// <summary>32 bits.</summary>
    F32,

    /// <summary>16 bits, 5 of exponent (IEEE).</summary>
    F16,

    /// <summary>16 bits, 8 of exponent: the upper half of a 32-bit float.</summary>
    BF16,

    /// <summary>64 bits.</summary>
    F64,
}

/// <summary>Little-endian floats of several widths, as 32-bit ones and back.</summary>
public static class FloatFormats
{
    const float LargestBrain = 3.3895314e38f;

    /// <summary>Bytes of one value.</summary>
    public static int Size(this FloatFormat format) => format switch { FloatFormat.F32 => 4, FloatFormat.F64 => 8, _ => 2 };

    /// <summary>Reads as many values as the target has: exactly, but for F64, which is rounded to the nearest.</summary>
    public static void Read(ReadOnlySpan<byte> bytes, FloatFormat format, Span<float> values)
    {
        switch (format)
        {
            case FloatFormat.F32:
                bytes[..(4 * values.Length)].CopyTo(MemoryMarshal.AsBytes(values));
                break;
            case FloatFormat.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes)[..values.Length], values);
                break;
            case FloatFormat.BF16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle(
                        (uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16);
                break;
            default:
                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                break;
        }
    }

    /// <summary>
    /// The values in a format: the nearest that it holds, halves to even; what is finite stays finite. What <see cref="Read"/>
    /// gave comes back, but for F64.
    /// </summary>
    public static byte[] Write(ReadOnlySpan<float> values, FloatFormat format)
    {
        byte[] bytes = new byte[checked(format.Size() * values.Length)];
        switch (format)
        {
            case FloatFormat.F32:
                MemoryMarshal.AsBytes(values).CopyTo(bytes);
                break;
            case FloatFormat.F16:
                for (int i = 0; i < values.Length; i++)
                    BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(2 * i), (Half)Within(values[i], (float)Half.MaxValue));
                break;
            case FloatFormat.BF16:
                for (int i = 0; i < values.Length; i++)
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), ToBrain(Within(values[i], LargestBrain)));
                break;
            default:
                for (int i = 0; i < values.Length; i++)
                    BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(8 * i), values[i]);
                break;
        }

        return bytes;
    }

    static float Within(float value, float largest) => float.IsFinite(value) ? Math.Clamp(value, -largest, largest) : value;

    static ushort ToBrain(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((float.IsNaN(value) ? bits : bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
