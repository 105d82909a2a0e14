using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Lines;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code;

/// <summary>Fixed-width fields, one after another, the lowest bit first; without a quantizer, 32-bit floats.</summary>
/// <remarks>
/// Bytes: ceil(values * bits / 8) a block; after a select, one byte and the kept positions' gaps in a Golomb-Rice code,
/// filled up to a whole byte, stand before them (within 4 % of the entropy of evenly spread positions).
/// </remarks>
public sealed record Pack : CodeStage, INotated<Pack>
{
    static string INotated<Pack>.Word => "pack";

    /// <inheritdoc/>
    public override string Keyword => "pack";

    static Pack INotated<Pack>.Parse(LineArguments arguments) => new();

    internal override BlockCoder CreateCoder(CodecPlan plan) => new PackCoder();
}

sealed class PackCoder : BlockCoder
{
    public override void Encode(Block block) => Write(block, block.Output);

    public override void Decode(ReadOnlySpan<byte> input, Block block) => Read(input, block);

    public static void Write(Block block, PayloadWriter output)
    {
        if (block.Count == 0)
            return;
        if (block.CodesGaps)
        {
            int width = Golomb.Width(block.Count, block.Plan.Length);
            output.UInt8((byte)width);
            var bits = new BitWriter(output);
            Golomb.Write(ref bits, block.Positions, width);
            bits.Flush();
        }

        BitFields.Pack(block.Symbols, block.SymbolBits, output.Append(BitFields.LengthOf(block.Count, block.SymbolBits)));
    }

    public static void Read(ReadOnlySpan<byte> input, Block block)
    {
        var whole = new PayloadReader(input);
        if (block.Count > 0)
        {
            if (block.CodesGaps)
                ReadPositions(ref whole, block);
            var fields = whole.Bytes(BitFields.LengthOf(block.Count, block.SymbolBits), "packed values");
            if (!BitFields.IsPadded(fields, block.Count, block.SymbolBits))
                throw InvalidPayloadException.Field("packed values", whole.Offset - 1, "padded with ones",
                    "must be padded with zeros");
            BitFields.Unpack(fields, block.SymbolBits, block.Symbols);
        }

        whole.End("packed block");
    }

    static void ReadPositions(ref PayloadReader whole, Block block)
    {
        int width = whole.UInt8("gap width");
        if (width > Golomb.MaxWidth)
            throw InvalidPayloadException.Field("gap width", 0, width, $"must be at most {Golomb.MaxWidth}");
        var bits = new BitReader(whole.Rest, "positions");
        Golomb.Read(ref bits, block.Positions, width, block.Plan.Length);
        whole.Bytes(bits.End(), "positions");
    }
}
