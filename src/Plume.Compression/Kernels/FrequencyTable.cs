using Plume.Compression.Container;

namespace Plume.Compression.Kernels;

/// <summary>How often each token comes, in 4096ths: what a rANS stream is coded with.</summary>
sealed class FrequencyTable
{
    public const int Bits = 12;
    public const int Total = 1 << Bits;
    const int CountBits = 4;

    readonly ushort[] frequency = new ushort[256];
    readonly ushort[] start = new ushort[257];
    readonly byte[] tokenOf = new byte[Total];

    public ReadOnlySpan<ushort> Frequency => frequency;

    public ReadOnlySpan<ushort> Start => start;

    /// <summary>The token at each of the 4096 places.</summary>
    public ReadOnlySpan<byte> TokenOf => tokenOf;

    /// <summary>Scales counts to a sum of 4096 with at least 1 for each token that occurs, in whole numbers only.</summary>
    public void Set(ReadOnlySpan<int> counts)
    {
        Normalize(counts, frequency);
        Complete();
    }

    /// <summary>What a table for these counts would cost, stream and table together, in 1/65536 bits.</summary>
    public static long Cost(ReadOnlySpan<int> counts)
    {
        Span<ushort> scaled = stackalloc ushort[256];
        Normalize(counts, scaled);
        long cost = 0;
        int last = 0;
        for (int token = 0; token < 256; token++)
        {
            cost += (long)counts[token] * Information.OfShare(scaled[token]);
            if (scaled[token] != 0)
                last = token;
        }

        int bits = 8;
        for (int token = 0; token <= last; token++)
            bits += CountBits + Math.Max(0, LengthOf(scaled[token]) - 1);
        return cost + ((long)bits << Information.FractionBits);
    }

    /// <summary>The last token that occurs, then each frequency as its bit length and the bits below the first.</summary>
    public void Write(ref BitWriter output)
    {
        int last = Array.FindLastIndex(frequency, value => value != 0);
        output.Write((uint)Math.Max(0, last), 8);
        for (int token = 0; token <= last; token++)
        {
            int length = LengthOf(frequency[token]);
            output.Write((uint)length, CountBits);
            if (length > 1)
                output.Write(frequency[token] & ((1u << (length - 1)) - 1), length - 1);
        }
    }

    /// <exception cref="InvalidPayloadException">A token lies beyond the alphabet, or the frequencies do not add up to 4096.</exception>
    public void Read(ref BitReader input, int alphabet)
    {
        int last = (int)input.Read(8);
        if (last >= alphabet)
            throw InvalidPayloadException.Field("last token", 0, last, $"must be below {alphabet}");
        Array.Clear(frequency);
        int sum = 0;
        for (int token = 0; token <= last; token++)
        {
            int length = (int)input.Read(CountBits);
            if (length > Bits + 1)
                throw InvalidPayloadException.Field("frequency length", token, length, $"must be at most {Bits + 1}");
            frequency[token] = length < 2 ? (ushort)length : (ushort)((1u << (length - 1)) | input.Read(length - 1));
            sum += frequency[token];
        }

        if (sum != Total)
            throw InvalidPayloadException.Field("sum of frequencies", 0, sum, $"must be {Total}");
        Complete();
    }

    static int LengthOf(ushort value) => value == 0 ? 0 : System.Numerics.BitOperations.Log2(value) + 1;

    static void Normalize(ReadOnlySpan<int> counts, Span<ushort> scaled)
    {
        scaled.Clear();
        long total = 0;
        foreach (int count in counts)
            total += count;
        if (total == 0)
        {
            scaled[0] = Total;
            return;
        }

        int sum = 0;
        for (int token = 0; token < counts.Length; token++)
        {
            if (counts[token] > 0)
                scaled[token] = (ushort)Math.Max(1, ((long)counts[token] * Total + total / 2) / total);
            sum += scaled[token];
        }

        while (sum != Total)
        {
            // Rounding leaves little over: the most frequent tokens bear it at the least cost.
            int most = MostFrequent(scaled);
            int change = sum < Total ? Total - sum : Math.Max(Total - sum, -Math.Max(1, scaled[most] / 8));
            scaled[most] = (ushort)(scaled[most] + change);
            sum += change;
        }
    }

    static int MostFrequent(ReadOnlySpan<ushort> scaled)
    {
        int most = 0;
        for (int token = 1; token < scaled.Length; token++)
        {
            if (scaled[token] > scaled[most])
                most = token;
        }

        return most;
    }

    void Complete()
    {
        int place = 0;
        for (int token = 0; token < 256; token++)
        {
            start[token] = (ushort)place;
            tokenOf.AsSpan(place, frequency[token]).Fill((byte)token);
            place += frequency[token];
        }

        start[256] = Total;
    }
}
