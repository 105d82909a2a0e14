using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// Writes bits, each with the probability that it is 1, as one number: an interval of 64 bits that shrinks by the
/// probability of what came, its lower 32 bits filled up with zeros whenever it is below 2^32.
/// </summary>
/// <remarks>
/// Source: Martin, "Range encoding", 1979; Witten, Neal and Cleary, "Arithmetic coding for data compression", CACM 1987;
/// the carry into bytes already written, as Subbotin's and Schindler's coders do it.
/// </remarks>
struct RangeEncoder(PayloadWriter output) : ILevelCoder
{
    readonly PayloadWriter output = output;
    readonly int start = output.Length;
    ulong low;
    ulong range = ulong.MaxValue;

    public static bool Encodes => true;

    /// <summary>Writes a bit.</summary>
    /// <param name="bit">0 or 1.</param>
    /// <param name="probability">That it is 1, in 65536ths, 1 to 65,535.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Code(int bit, int probability)
    {
        ulong bound = (range >> 16) * (uint)probability;
        if (bit != 0)
        {
            range = bound;
        }
        else
        {
            low += bound;
            range -= bound;
            if (low < bound)
                Carry();
        }

        if (range < 1UL << 32)
            Shift();
        return bit;
    }

    /// <inheritdoc/>
    public uint CodeEach(uint lanes, uint bits, ref int probability)
    {
        ulong left = range, from = low;
        for (uint next = lanes; next != 0; next &= next - 1)
        {
            int lane = BitOperations.TrailingZeroCount(next);
            ulong bound = (left >> 16) * (uint)Unsafe.Add(ref probability, lane), rest = left - bound,
                isOne = 0UL - (bits >> lane & 1), more = bound & ~isOne;
            left = rest ^ ((rest ^ bound) & isOne);
            from += more;
            if (from < more)
                Carry();
            if (left < 1UL << 32)
            {
                BinaryPrimitives.WriteUInt32BigEndian(output.Append(4), (uint)(from >> 32));
                from <<= 32;
                left <<= 32;
            }
        }

        (range, low) = (left, from);
        return bits & lanes;
    }

    /// <summary>Writes the shortest number in the interval; zeros at its end are left out.</summary>
    public void Finish()
    {
        // Of all numbers in [low, low + range) one has the most zeros at its end.
        for (int zeros = 56; zeros >= 0; zeros -= 8)
        {
            ulong mask = (1UL << zeros) - 1;
            ulong value = (low + mask) & ~mask;
            bool wraps = value < low;
            if (value - low >= range)
                continue;
            if (wraps)
                Carry();
            BinaryPrimitives.WriteUInt64BigEndian(output.Append(8), value);
            break;
        }

        var written = output.Written.Span[start..];
        output.Shorten(written.Length - written.TrimEnd((byte)0).Length);
    }

    void Shift()
    {
        BinaryPrimitives.WriteUInt32BigEndian(output.Append(4), (uint)(low >> 32));
        low <<= 32;
        range <<= 32;
    }

    readonly void Carry() => output.AddOne(start);
}
