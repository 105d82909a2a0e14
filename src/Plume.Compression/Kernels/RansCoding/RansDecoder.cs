using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.RansCoding;

/// <summary>How many tokens a decoder takes at a time; all widths read the same tokens and refuse the same streams.</summary>
enum RansWidth
{
    One,
    Eight,
    Sixteen,
}

/// <summary>Reads a <see cref="RansStream"/> from untrusted bytes, run after run.</summary>
ref struct RansDecoder
{
    readonly ReadOnlySpan<byte> words;
    readonly Span<uint> state;
    readonly RansWidth width;
    readonly int start;
    int place;

    /// <summary>Reads the states.</summary>
    /// <param name="input">The stream, and what may follow it.</param>
    /// <param name="offset">Where it lies, for reports.</param>
    /// <param name="state">Room for the states, as many as there are: a power of two.</param>
    /// <exception cref="InvalidPayloadException">The input ends too early, or a state is too small.</exception>
    public RansDecoder(ReadOnlySpan<byte> input, int offset, Span<uint> state) : this(input, offset, state, Widest)
    {
    }

    public RansDecoder(ReadOnlySpan<byte> input, int offset, Span<uint> state, RansWidth width)
    {
        this.state = state;
        this.width = width;
        int size = sizeof(uint) * state.Length;
        if (input.Length < size)
            throw InvalidPayloadException.Ends("rans states", offset, size, input.Length);
        for (int s = 0; s < state.Length; s++)
        {
            state[s] = BinaryPrimitives.ReadUInt32LittleEndian(input[(sizeof(uint) * s)..]);
            if (state[s] < RansStream.Lowest)
                throw InvalidPayloadException.Field("rans state", offset + sizeof(uint) * s, state[s],
                    $"must be at least {RansStream.Lowest}");
        }

        words = input[size..];
        start = offset + size;
    }

    public static RansWidth Widest => Avx512F.IsSupported ? RansWidth.Sixteen : Avx2.IsSupported ? RansWidth.Eight
        : RansWidth.One;

    /// <summary>Bytes of words that were used up so far.</summary>
    public readonly int Used => place;

    /// <exception cref="InvalidPayloadException">The words end too early.</exception>
    public void Decode(Span<byte> tokens, FrequencyTable table)
    {
        if (table.IsConstant)
        {
            tokens.Fill(table.Constant);
            return;
        }

        int done = width switch
        {
            RansWidth.Sixteen when state.Length >= 16 =>
                RansVectors.DecodeBySixteen(tokens, table.Slots, state, words, ref place),
            >= RansWidth.Eight when state.Length >= 8 => RansVectors.DecodeByEight(tokens, table.Slots, state, words, ref place),
            _ => 0,
        };
        DecodeOneByOne(tokens, done, table.Slots);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void DecodeOneByOne(Span<byte> tokens, int first, ReadOnlySpan<uint> slots)
    {
        var values = state;
        int mask = values.Length - 1, next = place;
        for (int i = first; i < tokens.Length; i++)
        {
            ref uint x = ref values[i & mask];
            uint slot = slots[(int)(x & (FrequencyTable.Total - 1))], high = x >> FrequencyTable.Bits;
            tokens[i] = (byte)slot;
            uint value = RansSlot.Frequency(slot) * high + RansSlot.Bias(slot);
            if (value < RansStream.Lowest)
            {
                if (words.Length - next < sizeof(ushort))
                    throw InvalidPayloadException.Ends("rans words", start + next, sizeof(ushort), words.Length - next);
                value = (value << 16) | BinaryPrimitives.ReadUInt16LittleEndian(words[next..]);
                next += sizeof(ushort);
            }

            x = value;
        }

        place = next;
    }

    /// <summary>Checks that all runs were read, and says how many bytes they took, states included.</summary>
    /// <exception cref="InvalidPayloadException">The states did not come back to where encoding began.</exception>
    public readonly int Finish()
    {
        foreach (uint last in state)
        {
            if (last != RansStream.Lowest)
                throw InvalidPayloadException.Field("rans state", start + place, last, $"must end at {RansStream.Lowest}");
        }

        return sizeof(uint) * state.Length + place;
    }
}

/// <summary>
/// One of the 4096 places of a table as one number: its token, its distance from the token's first place, and the token's
/// frequency less one.
/// </summary>
static class RansSlot
{
    public const int BiasShift = 8;
    public const int FrequencyShift = BiasShift + FrequencyTable.Bits;

    public static uint Of(int token, int bias, int frequency) =>
        (uint)token | ((uint)bias << BiasShift) | ((uint)(frequency - 1) << FrequencyShift);

    public static uint Frequency(uint slot) => (slot >> FrequencyShift) + 1;

    public static uint Bias(uint slot) => (slot >> BiasShift) & (FrequencyTable.Total - 1);
}
