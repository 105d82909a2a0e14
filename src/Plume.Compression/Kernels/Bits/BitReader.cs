using System.Buffers.Binary;
using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.Bits;

/// <summary>Reads what <see cref="BitWriter"/> wrote, from untrusted bytes.</summary>
ref struct BitReader(ReadOnlySpan<byte> input, string field)
{
    readonly ReadOnlySpan<byte> input = input;
    int next;
    ulong pending;
    int count;

    public uint Read(int bits)
    {
        if (count < bits)
            Refill(bits);
        uint value = (uint)(pending & ((1UL << bits) - 1));
        pending >>= bits;
        count -= bits;
        return value;
    }

    /// <summary>A number of ones before a zero, at most <paramref name="limit"/>.</summary>
    public uint ReadUnary(uint limit)
    {
        uint ones = 0;
        while (Read(1) == 1)
        {
            if (++ones > limit)
                throw InvalidPayloadException.Field(field, next, "a run of ones", $"must have at most {limit}");
        }

        return ones;
    }

    /// <summary>Bits used up so far.</summary>
    public readonly int Used => 8 * next - count;

    /// <summary>Bytes used up, whole ones; the padding of the last must be zero.</summary>
    public int End()
    {
        if ((pending & ((1UL << (count & 7)) - 1)) != 0)
            throw InvalidPayloadException.Field(field, next, "padded with ones", "must be padded with zeros");
        return next - count / 8;
    }

    void Refill(int bits)
    {
        if (input.Length - next >= 4)
        {
            pending |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(input[next..]) << count;
            next += 4;
            count += 32;
            return;
        }

        while (count < bits)
        {
            if (next == input.Length)
                throw InvalidPayloadException.Ends(field, next, 1, 0);
            pending |= (ulong)input[next++] << count;
            count += 8;
        }
    }
}
