using System.Buffers.Binary;
using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.Bits;

/// <summary>Appends fields of 0 to 32 bits, the lowest bit first. <see cref="Flush"/> pads the last byte with zeros.</summary>
ref struct BitWriter(PayloadWriter output)
{
    ulong pending;
    int count;

    public void Write(uint value, int bits)
    {
        pending |= (ulong)value << count;
        count += bits;
        if (count >= 32)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(output.Append(4), (uint)pending);
            pending >>= 32;
            count -= 32;
        }
    }

    /// <summary>That many ones and a zero.</summary>
    public void WriteUnary(uint ones)
    {
        for (; ones >= 31; ones -= 31)
            Write(0x7FFFFFFF, 31);
        Write((1u << (int)ones) - 1, (int)ones + 1);
    }

    public void Flush()
    {
        for (; count > 0; count -= 8, pending >>= 8)
            output.UInt8((byte)pending);
        count = 0;
    }
}
