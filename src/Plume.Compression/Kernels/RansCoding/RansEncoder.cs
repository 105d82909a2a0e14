using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.RansCoding;

/// <summary>
/// Writes a <see cref="RansStream"/>. Runs are taken from the last to the first, as a stack: the decoder meets them the other way
/// round.
/// </summary>
ref struct RansEncoder
{
    readonly PayloadWriter output;
    readonly Span<byte> room;
    readonly Span<uint> state;
    readonly RansWidth width;
    int place;

    /// <summary>Takes room for all runs; <see cref="Finish"/> gives back what is not used.</summary>
    /// <param name="output">Where the stream goes.</param>
    /// <param name="tokens">Tokens of all runs together, at most.</param>
    /// <param name="state">Room for the states, as many as there shall be: a power of two.</param>
    public RansEncoder(PayloadWriter output, int tokens, Span<uint> state) : this(output, tokens, state, Widest)
    {
    }

    public RansEncoder(PayloadWriter output, int tokens, Span<uint> state, RansWidth width)
    {
        this.output = output;
        this.width = width;
        this.state = state;
        state.Fill(RansStream.Lowest);
        // A token sends at most one word; what a vector writes below them is not counted.
        room = output.Append((tokens + 2 * state.Length) * sizeof(ushort) + RansVectors.Slack);
        place = room.Length;
    }

    public static RansWidth Widest => Avx512BW.VL.IsSupported ? RansWidth.Sixteen : Avx2.IsSupported ? RansWidth.Eight
        : RansWidth.One;

    /// <summary>Codes a run, in front of those that were coded before it.</summary>
    public void Encode(ReadOnlySpan<byte> tokens, FrequencyTable table)
    {
        if (table.IsConstant)
            return;
        // Whole rounds of the states stand first, so the odd tokens at the end are coded before them.
        int rounds = width switch
        {
            RansWidth.Sixteen when state.Length >= 16 => tokens.Length & -state.Length,
            >= RansWidth.Eight when state.Length >= 8 => tokens.Length & -state.Length,
            _ => 0,
        };
        EncodeOneByOne(tokens, rounds, table.Codes);
        if (rounds == 0)
            return;
        if (width == RansWidth.Sixteen && state.Length >= 16)
            RansVectors.EncodeBySixteen(tokens[..rounds], table.Ranges, table.Alphabet, state, room, ref place);
        else
            RansVectors.EncodeByEight(tokens[..rounds], table.Ranges, state, room, ref place);
    }

    // x becomes M * floor(x / f) + x mod f + start = x + start + q * (M - f), with the quotient by a reciprocal. A word is
    // always written and counted only where the state would overflow: no branch depends on the data.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    unsafe void EncodeOneByOne(ReadOnlySpan<byte> tokens, int first, ReadOnlySpan<TokenCode> codes)
    {
        uint mask = (uint)state.Length - 1;
        fixed (byte* token = tokens, start = room)
        fixed (TokenCode* code = codes)
        fixed (uint* x = state)
        {
            byte* word = start + place;
            for (int i = tokens.Length - 1; i >= first; i--)
            {
                TokenCode* c = code + token[i];
                uint value = x[(uint)i & mask];
                *(ushort*)(word - 2) = (ushort)value;
                int over = value >> 20 >= c->Frequency ? 1 : 0;
                word -= 2 * over;
                value >>= 16 * over;
                uint quotient = (uint)(value * c->Reciprocal >> TokenCode.ReciprocalBits);
                x[(uint)i & mask] = value + c->Start + quotient * (FrequencyTable.Total - (uint)c->Frequency);
            }

            place = (int)(word - start);
        }
    }

    /// <summary>Writes the states and moves the stream to where it belongs.</summary>
    public void Finish()
    {
        for (int s = state.Length - 1; s >= 0; s--)
        {
            place -= sizeof(uint);
            BinaryPrimitives.WriteUInt32LittleEndian(room[place..], state[s]);
        }

        room[place..].CopyTo(room);
        output.Shorten(place);
    }
}

/// <summary>What encoding one token needs.</summary>
[StructLayout(LayoutKind.Sequential)]
readonly struct TokenCode(int frequency, int start)
{
    public const int ReciprocalBits = 44;

    /// <summary>
    /// 2^44 / frequency, rounded up: exact quotients for all values below frequency * 2^20, which is what a state holds
    /// before a token goes into it.
    /// </summary>
    public readonly ulong Reciprocal = frequency == 0 ? 0 : ((1UL << ReciprocalBits) + (ulong)frequency - 1) / (ulong)frequency;

    public readonly ushort Frequency = (ushort)frequency;
    public readonly ushort Start = (ushort)start;
}
