using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Container;
using Plume.Compression.Kernels;

namespace Plume.Compression.Codecs.Code;

/// <summary>Fixed-width fields, one after another, the lowest bit first; without a quantizer, 32-bit floats.</summary>
/// <remarks>
/// Bytes: ceil(values * bits / 8) a block; after a select, one byte and the kept positions' gaps in a Golomb-Rice code
/// stand before them (within 4 % of the entropy of evenly spread positions).
/// </remarks>
public sealed record Pack : CodeStage, INotated<Pack>
{
    static string INotated<Pack>.Word => "pack";

    /// <inheritdoc/>
    public override string Keyword => "pack";

    static Pack INotated<Pack>.Parse(StageArguments arguments) => new();

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
        var bits = new BitWriter(output);
        if (block.IsSparse)
        {
            int width = Golomb.Width(block.Count, block.Plan.Length);
            output.UInt8((byte)width);
            Golomb.Write(ref bits, block.Positions, width);
        }

        if (!block.IsSparse && block.SymbolBits == 8 * block.SymbolBytes)
            output.Bytes(block.Symbols);
        else
            WriteSymbols(ref bits, block);
        bits.Flush();
    }

    public static void Read(ReadOnlySpan<byte> input, Block block)
    {
        var whole = new PayloadReader(input);
        if (block.Count == 0)
        {
            whole.End("packed block");
            return;
        }

        if (!block.IsSparse && block.SymbolBits == 8 * block.SymbolBytes)
        {
            whole.Bytes(block.Symbols.Length, "packed values").CopyTo(block.Symbols);
            whole.End("packed block");
            return;
        }

        int width = block.IsSparse ? whole.UInt8("gap width") : 0;
        if (width > Golomb.MaxWidth)
            throw InvalidPayloadException.Field("gap width", 0, width, $"must be at most {Golomb.MaxWidth}");
        var bits = new BitReader(input[whole.Offset..], "packed values");
        if (block.IsSparse)
            Golomb.Read(ref bits, block.Positions, width, block.Plan.Length);
        ReadSymbols(ref bits, block);
        whole.Bytes(bits.End(), "packed values");
        whole.End("packed block");
    }

    static void WriteSymbols(ref BitWriter bits, Block block)
    {
        switch (block.SymbolBytes)
        {
            case 1:
                foreach (byte symbol in block.Symbols)
                    bits.Write(symbol, block.SymbolBits);
                break;
            case 2:
                foreach (ushort symbol in MemoryMarshal.Cast<byte, ushort>(block.Symbols))
                    bits.Write(symbol, block.SymbolBits);
                break;
            default:
                foreach (uint symbol in MemoryMarshal.Cast<byte, uint>(block.Symbols))
                    bits.Write(symbol, block.SymbolBits);
                break;
        }
    }

    static void ReadSymbols(ref BitReader bits, Block block)
    {
        switch (block.SymbolBytes)
        {
            case 1:
                foreach (ref byte symbol in block.Symbols)
                    symbol = (byte)bits.Read(block.SymbolBits);
                break;
            case 2:
                foreach (ref ushort symbol in MemoryMarshal.Cast<byte, ushort>(block.Symbols))
                    symbol = (ushort)bits.Read(block.SymbolBits);
                break;
            default:
                foreach (ref uint symbol in MemoryMarshal.Cast<byte, uint>(block.Symbols))
                    symbol = bits.Read(block.SymbolBits);
                break;
        }
    }
}
