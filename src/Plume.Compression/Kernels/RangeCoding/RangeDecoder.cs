using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>Reads what <see cref="RangeEncoder"/> wrote; after the last byte it reads zeros, as many as it likes.</summary>
ref struct RangeDecoder : ILevelCoder
{
    readonly ReadOnlySpan<byte> input;
    int place;
    ulong code;
    ulong range = ulong.MaxValue;

    public RangeDecoder(ReadOnlySpan<byte> input)
    {
        this.input = input;
        code = ((ulong)Next() << 32) | Next();
    }

    public static bool Encodes => false;

    /// <summary>Bytes read so far, of those that there are.</summary>
    public readonly int Position => Math.Min(place, input.Length);

    /// <summary>Reads a bit.</summary>
    /// <param name="bit">Not looked at.</param>
    /// <param name="probability">That it is 1, in 65536ths, 1 to 65,535.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Code(int bit, int probability)
    {
        ulong bound = (range >> 16) * (uint)probability;
        int read = 1;
        if (code < bound)
        {
            range = bound;
        }
        else
        {
            code -= bound;
            range -= bound;
            read = 0;
        }

        if (range < 1UL << 32)
        {
            range <<= 32;
            code = (code << 32) | Next();
        }

        return read;
    }

    /// <inheritdoc/>
    public uint CodeEach(uint lanes, uint bits, ref int probability)
    {
        // Without branches: nobody foresees bits that are hard to predict.
        ulong left = range, at = code;
        uint read = 0;
        for (; lanes != 0; lanes &= lanes - 1)
        {
            int lane = BitOperations.TrailingZeroCount(lanes);
            ulong bound = (left >> 16) * (uint)Unsafe.Add(ref probability, lane), rest = left - bound;
            uint bit = Unsafe.BitCast<bool, byte>(at < bound);
            ulong isOne = 0UL - bit;
            left = rest ^ ((rest ^ bound) & isOne);
            at -= bound & ~isOne;
            read |= bit << lane;
            if (left < 1UL << 32)
            {
                left <<= 32;
                at = (at << 32) | Next();
            }
        }

        (range, code) = (left, at);
        return read;
    }

    /// <exception cref="InvalidPayloadException">There are bytes that were not needed, or zeros at the end.</exception>
    public readonly void Finish()
    {
        if (place < input.Length)
            throw InvalidPayloadException.Field("range code", place, $"{input.Length} bytes", $"must have at most {place}");
        if (input.Length > 0 && input[^1] == 0)
            throw InvalidPayloadException.Field("range code", input.Length - 1, 0, "must not end with zeros");
    }

    uint Next()
    {
        uint word = 0;
        if (input.Length - place >= 4)
        {
            word = BinaryPrimitives.ReadUInt32BigEndian(input[place..]);
        }
        else
        {
            for (int i = 0; i < 4; i++)
                word = (word << 8) | (place + i < input.Length ? input[place + i] : 0u);
        }

        place += 4;
        return word;
    }
}
