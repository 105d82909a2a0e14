using System.Runtime.Intrinsics;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Wire;

namespace Plume.Compression.Kernels.RansCoding;

/// <summary>How often each token comes, in 4096ths: what a run of a rANS stream is coded with.</summary>
sealed class FrequencyTable
{
    public const int Bits = Information.ShareBits;
    public const int Total = Information.Whole;

    readonly ushort[] frequency = new ushort[256];
    readonly TokenCode[] codes = new TokenCode[256];
    readonly uint[] ranges = new uint[256];
    uint[] slots = [];

    public ReadOnlySpan<ushort> Frequency => frequency;

    /// <summary>For the encoder: each token's numbers.</summary>
    public ReadOnlySpan<TokenCode> Codes => codes;

    /// <summary>For the encoder by vectors: each token's frequency, and 2^16 times its first place.</summary>
    public ReadOnlySpan<uint> Ranges => ranges;

    /// <summary>For the decoder: each of the 4096 places as a <see cref="RansSlot"/>.</summary>
    public ReadOnlySpan<uint> Slots => slots;

    /// <summary>One more than the last token that occurs.</summary>
    public int Alphabet => 1 + frequency.AsSpan().LastIndexOfAnyExcept((ushort)0);

    /// <summary>Whether tokens stand outside the stream, 8 bits each; then there are no frequencies.</summary>
    public bool IsRaw { get; private set; }

    /// <summary>Whether one token has all the places: it costs nothing, and the states stay as they are.</summary>
    public bool IsConstant { get; private set; }

    /// <summary>The token of a constant table.</summary>
    public byte Constant { get; private set; }

    /// <summary>
    /// What a token costs in the stream where tokens are as frequent as the table says, in units of <see cref="Information"/>.
    /// </summary>
    public int MeanCost { get; private set; }

    /// <summary>For encoding with a form fitted to counts.</summary>
    public void Set(in TableForm form, ReadOnlySpan<int> counts, in TableAlphabet alphabet)
    {
        IsRaw = form.Kind == TableKind.Raw;
        form.Frequencies(counts, alphabet, frequency);
        Complete();
        int start = 0;
        for (int token = 0; token < frequency.Length; token++)
        {
            codes[token] = new TokenCode(frequency[token], start);
            ranges[token] = frequency[token] | ((uint)start << 16);
            start += frequency[token];
        }
    }

    /// <summary>For decoding.</summary>
    /// <exception cref="InvalidPayloadException">A field breaks its rule.</exception>
    public void Read(ref BitReader input, in TableAlphabet alphabet)
    {
        IsRaw = TableForm.Read(ref input, alphabet, frequency) == TableKind.Raw;
        Complete();
        if (slots.Length == 0)
            slots = new uint[Total + Vector512<uint>.Count];
        int place = 0;
        var biases = Vector512<uint>.Indices << RansSlot.BiasShift;
        for (int token = 0; token < frequency.Length; token++)
        {
            // What is written beyond the token's places, the next ones overwrite.
            for (int bias = 0; bias < frequency[token]; bias += Vector512<uint>.Count)
                (Vector512.Create(RansSlot.Of(token, bias, frequency[token])) + biases).CopyTo(slots, place + bias);
            place += frequency[token];
        }
    }

    void Complete()
    {
        int most = Shares.MostFrequent(frequency);
        Constant = (byte)most;
        IsConstant = frequency[most] == Total;
        long cost = 0;
        foreach (ushort value in frequency)
            cost += (long)value * Information.OfShare(value);
        MeanCost = IsRaw ? 0 : (int)(cost >> Bits);
    }
}
