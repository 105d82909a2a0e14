using Plume.Compression.Kernels.Bits;
using Plume.Compression.Wire;

namespace Plume.Federation.SecureSums;

/// <summary>A run of words of one width.</summary>
/// <param name="Count">How many.</param>
/// <param name="Bits">Bits of each, 1 to 32: their sum must fit.</param>
public readonly record struct WordSection(int Count, int Bits);

/// <summary>
/// The words of which a secure sum is made, section after section. Sums are modulo 2 to the power of each section's bits.
/// </summary>
public sealed class SumShape
{
    /// <summary>A shape of these sections.</summary>
    /// <exception cref="ArgumentException">A number is out of its range.</exception>
    public SumShape(params IReadOnlyList<WordSection> sections)
    {
        ArgumentNullException.ThrowIfNull(sections);
        if (sections.Any(section => section.Count < 0 || section.Bits is < 1 or > 32))
            throw new ArgumentException("A section has no negative number of words, each of 1 to 32 bits.", nameof(sections));
        Sections = sections;
        Words = checked(sections.Sum(section => section.Count));
        Bytes = checked(sections.Sum(section => WordFields.LengthOf(section.Count, section.Bits)));
    }

    /// <summary>The sections.</summary>
    public IReadOnlyList<WordSection> Sections { get; }

    /// <summary>Words of all sections.</summary>
    public int Words { get; }

    /// <summary>Bytes of all words, each section filled up to a whole one.</summary>
    public int Bytes { get; }

    /// <summary>Writes words in as few bits as their sections have.</summary>
    public void Pack(ReadOnlySpan<uint> words, PayloadWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        foreach (var (count, bits) in Sections)
        {
            WordFields.Pack(words[..count], bits, output.Append(WordFields.LengthOf(count, bits)));
            words = words[count..];
        }
    }

    /// <summary>Reads what <see cref="Pack"/> wrote and adds it to words.</summary>
    /// <exception cref="InvalidPayloadException">The bytes end too early, or a section is not filled up with zeros; nothing was
    /// added.</exception>
    public void AddPacked(ref PayloadReader input, Span<uint> words)
    {
        var all = input.Bytes(Bytes, "words");
        int start = 0;
        foreach (var (count, bits) in Sections)
        {
            int length = WordFields.LengthOf(count, bits);
            if (!WordFields.IsPadded(all.Slice(start, length), count, bits))
                throw InvalidPayloadException.Field("words", input.Offset - Bytes + start + length - 1, "padded with ones",
                    "must be padded with zeros");
            start += length;
        }

        foreach (var (count, bits) in Sections)
        {
            int length = WordFields.LengthOf(count, bits);
            WordFields.AddTo(all[..length], bits, words[..count]);
            all = all[length..];
            words = words[count..];
        }
    }

    /// <summary>Takes from each word what is beyond its bits.</summary>
    public void Reduce(Span<uint> words)
    {
        foreach (var (count, bits) in Sections)
        {
            uint mask = bits == 32 ? uint.MaxValue : (1u << bits) - 1;
            foreach (ref uint word in words[..count])
                word &= mask;
            words = words[count..];
        }
    }
}
