using Plume.Compression.Randomness;

namespace Plume.Compression.Tests;

/// <summary>Damaged copies of a file or payload: seeded, bounded, of the kinds that wires and attackers make.</summary>
static class Mutations
{
    public static IEnumerable<byte[]> Of(byte[] original, ulong seed, int count)
    {
        var draws = new RandomDraws(Some.Key(seed));
        for (int i = 0; i < count; i++)
        {
            byte[] copy = [.. original];
            int steps = 1 + draws.NextInt(3);
            for (int step = 0; step < steps && copy.Length > 0; step++)
                copy = Mutate(copy, ref draws);
            yield return copy;
        }
    }

    static byte[] Mutate(byte[] bytes, ref RandomDraws draws)
    {
        int place = draws.NextInt(bytes.Length);
        int run = Math.Min(1 + draws.NextInt(8), bytes.Length - place);
        switch (draws.NextInt(6))
        {
            case 0:
                bytes[place] ^= (byte)(1 << draws.NextInt(8));
                return bytes;
            case 1:
                return bytes[..place];
            case 2:
                bytes.AsSpan(place, run).Fill(0xFF);
                return bytes;
            case 3:
                return [.. bytes[..place], .. BitConverter.GetBytes(draws.NextBits())[..run], .. bytes[place..]];
            case 4:
                return [.. bytes[..place], .. bytes[(place + run)..]];
            default:
                bytes.AsSpan(draws.NextInt(bytes.Length - run + 1), run).CopyTo(bytes.AsSpan(place));
                return bytes;
        }
    }
}
