using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Wire;
using Plume.Compression.Kernels.Bits;

namespace Plume.Compression.Messages;

/// <summary>
/// The words of payloads by a codec that ends in <c>secure</c>, and payloads of words. Since such payloads add up word by word,
/// the sum of several is a payload, too, and decodes to the sum of what they decode to.
/// </summary>
public sealed class MessageWords
{
    readonly CodecPlan plan;

    /// <summary>The words of messages of one part.</summary>
    /// <param name="shape">What the message is made of.</param>
    /// <param name="reference">What its codec refers to, a value for each of the message: after <c>mask</c> those that are not zero
    /// have words. Empty for codecs that refer to nothing.</param>
    /// <exception cref="ArgumentException">The message has several parts, or its codec does not end in <c>secure</c> or leaves
    /// numbers open, or the reference does not fit it.</exception>
    public MessageWords(MessageShape shape, ReadOnlyMemory<float> reference = default)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Parts.Count != 1 || !shape.Parts[0].Codec.IsSecure)
            throw new ArgumentException(
                $"Only messages of one part, whose codec ends in 'secure', are words; this one has "
                    + $"{string.Join(", ", shape.Parts.Select(part => $"'{part.Name}' by '{part.Codec}'"))}.", nameof(shape));
        plan = new CodecPlan(shape.Parts[0].Codec, shape.Parts[0].Layout);
        plan.CheckReference(reference);
        int bits = plan.Quantizer.SymbolBits;
        Runs = [.. plan.Blocks.Select(block => (KeptOf(plan.Codec.Selector, block, reference), bits))];
    }

    static int KeptOf(SelectStage? select, BlockPlan block, ReadOnlyMemory<float> reference) => select switch
    {
        null => block.Length,
        RandomK random => random.KeptOf(block.Length),
        _ => block.Length - reference.Span.Slice(block.Start, block.Length).Count(0f),
    };

    /// <summary>Words that stand together and the bits of each, one run after another; each run fills whole bytes.</summary>
    public IReadOnlyList<(int Count, int Bits)> Runs { get; }

    /// <summary>Reads a payload's words.</summary>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule.</exception>
    public uint[] Read(ReadOnlySpan<byte> payload)
    {
        var input = new PayloadReader(payload);
        if (PayloadHeader.Read(plan, ref input) != PayloadForm.Coded)
            throw InvalidPayloadException.Field("form", 0, "not words", "must be words, of which sums are made");
        var words = new uint[Runs.Sum(run => run.Count)];
        int start = 0;
        foreach (var (count, bits) in Runs)
        {
            WordFields.AddTo(input.Bytes(WordFields.LengthOf(count, bits), "words"), bits, words.AsSpan(start, count));
            start += count;
        }

        input.End("payload");
        return words;
    }

    /// <summary>The payload of words.</summary>
    public byte[] Write(ReadOnlySpan<uint> words)
    {
        var output = new PayloadWriter();
        PayloadHeader.Write(plan, PayloadForm.Coded, output);
        foreach (var (count, bits) in Runs)
        {
            WordFields.Pack(words[..count], bits, output.Append(WordFields.LengthOf(count, bits)));
            words = words[count..];
        }

        return output.Written.ToArray();
    }
}
