using System.Buffers.Binary;
using Plume.Compression.Container;

namespace Plume.Compression.Kernels;

/// <summary>
/// Interleaved rANS: states of 32 bits, words of 16, probabilities of 12. Token i belongs to state i modulo their
/// number and to the first table where i is even, to the second where it is odd. The states' last values come first,
/// then the words in the order in which the decoder takes them.
/// </summary>
static class RansStream
{
    const uint Lowest = 1 << 16;
    const int MaxStates = 32;

    /// <summary>More states let more be done at once and cost 4 bytes each.</summary>
    public static int StatesFor(int tokens) => tokens < 4096 ? 1 : tokens < 65_536 ? 4 : MaxStates;

    public static void Encode(ReadOnlySpan<byte> tokens, FrequencyTable even, FrequencyTable odd, PayloadWriter output)
    {
        int states = StatesFor(tokens.Length);
        Span<uint> state = stackalloc uint[MaxStates];
        state.Fill(Lowest);
        // A token costs at most 12 bits and each state keeps up to one word more; unused room is given back.
        int bound = tokens.Length * 2 + states * 4;
        var room = output.Append(bound);
        int place = bound;
        for (int i = tokens.Length - 1; i >= 0; i--)
        {
            var table = (i & 1) == 0 ? even : odd;
            uint frequency = table.Frequency[tokens[i]];
            uint x = state[i % states];
            if (x >= (ulong)frequency << 20)
            {
                place -= 2;
                BinaryPrimitives.WriteUInt16LittleEndian(room[place..], (ushort)x);
                x >>= 16;
            }

            state[i % states] = (x / frequency << FrequencyTable.Bits) + x % frequency + table.Start[tokens[i]];
        }

        for (int s = states - 1; s >= 0; s--)
        {
            place -= 4;
            BinaryPrimitives.WriteUInt32LittleEndian(room[place..], state[s]);
        }

        room[place..].CopyTo(room);
        output.Shorten(place);
    }

    /// <exception cref="InvalidPayloadException">The stream ends early, or its states do not come back to where encoding began.</exception>
    public static void Decode(ref PayloadReader input, Span<byte> tokens, FrequencyTable even, FrequencyTable odd)
    {
        int states = StatesFor(tokens.Length);
        Span<uint> state = stackalloc uint[MaxStates];
        for (int s = 0; s < states; s++)
        {
            state[s] = input.UInt32("rans state");
            if (state[s] < Lowest)
                throw InvalidPayloadException.Field("rans state", input.Offset - 4, state[s], $"must be at least {Lowest}");
        }

        var words = input.Rest;
        int place = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            var table = (i & 1) == 0 ? even : odd;
            uint x = state[i % states];
            uint slot = x & (FrequencyTable.Total - 1);
            byte token = table.TokenOf[(int)slot];
            tokens[i] = token;
            x = table.Frequency[token] * (x >> FrequencyTable.Bits) + slot - table.Start[token];
            if (x < Lowest)
            {
                if (words.Length - place < 2)
                    throw InvalidPayloadException.Ends("rans words", input.Offset + place, 2, words.Length - place);
                x = (x << 16) | BinaryPrimitives.ReadUInt16LittleEndian(words[place..]);
                place += 2;
            }

            state[i % states] = x;
        }

        foreach (uint last in state[..states])
        {
            if (last != Lowest)
                throw InvalidPayloadException.Field("rans state", input.Offset + place, last, $"must end at {Lowest}");
        }

        input.Bytes(place, "rans words");
    }
}
