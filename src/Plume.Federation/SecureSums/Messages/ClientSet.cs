using Plume.Compression.Wire;

namespace Plume.Federation.SecureSums.Messages;

/// <summary>A set of clients by their places, a bit for each: who shared, who is in the sum.</summary>
static class ClientSet
{
    /// <summary>Bytes for so many places.</summary>
    public static int LengthOf(int places) => (places + 7) / 8;

    public static void Write(ReadOnlySpan<bool> members, PayloadWriter output)
    {
        var bits = output.Append(LengthOf(members.Length));
        bits.Clear();
        for (int place = 0; place < members.Length; place++)
        {
            if (members[place])
                bits[place / 8] |= (byte)(1 << (place % 8));
        }
    }

    /// <exception cref="InvalidPayloadException">The bytes end too early, or a bit stands for nobody.</exception>
    public static bool[] Read(ref PayloadReader input, int places, string field)
    {
        int offset = input.Offset;
        var bits = input.Bytes(LengthOf(places), field);
        if (places % 8 != 0 && bits[^1] >> (places % 8) != 0)
            throw InvalidPayloadException.Field(field, offset, "of a client that there is none of",
                $"must be of {places} clients");
        var members = new bool[places];
        for (int place = 0; place < places; place++)
            members[place] = (bits[place / 8] >> (place % 8) & 1) != 0;
        return members;
    }
}
