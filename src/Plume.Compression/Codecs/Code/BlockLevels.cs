using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// The levels of blocks. A level is what a quantizer with a dead zone gives; of other dense symbols, the distance from the one
/// for zero, or from the middle; of positions with their symbols, zero where nothing was kept, else one more than the
/// magnitude, with its sign.
/// </summary>
sealed class BlockLevels(QuantizeStage quantizer)
{
    /// <summary>Without rows of their own, values are taken in rows of so many.</summary>
    public const int RowOfOthers = 512;

    /// <summary>Whether symbols are levels, of 32 bits.</summary>
    public bool AreSymbols { get; } = quantizer is DeadZone { IsWide: true };

    /// <summary>Whether an encoder has values, of which it chooses the levels.</summary>
    public bool AreChosen { get; } = quantizer is DeadZone { IsWide: true, Exact: false };

    /// <summary>Symbols that are levels.</summary>
    public static Span<int> SymbolsOf(Block block) => MemoryMarshal.Cast<byte, int>(block.Symbols);

    /// <summary>How many a block has.</summary>
    public static int LengthOf(Block block) => block.CodesGaps ? block.Plan.Length : block.Count;

    /// <summary>Whether a tensor begins with that block.</summary>
    public static bool Begins(ReadOnlySpan<Block> segment, int index) =>
        index == 0 || segment[index].Plan.TensorIndex != segment[index - 1].Plan.TensorIndex;

    /// <summary>Whether its values are all there, and of a tensor that has rows.</summary>
    public static bool HasRows(Block block) => (!block.IsSparse || block.CodesGaps) && block.Plan.Tensor.Shape.Count > 1;

    /// <summary>The magnitude from which one counts as large, to an encoder.</summary>
    public int Large => AreChosen ? 1 << (LevelModel.FractionBits - 1) : 1;

    /// <summary>Takes a block's levels from its symbols and positions.</summary>
    public void Take(Block block, Span<int> levels)
    {
        if (AreSymbols)
        {
            SymbolsOf(block).CopyTo(levels);
            return;
        }

        int zero = ZeroOf(block), wide = block.SymbolBytes;
        var symbols = block.Symbols;
        var symbols16 = MemoryMarshal.Cast<byte, ushort>(symbols);
        if (!block.CodesGaps)
        {
            for (int i = 0; i < levels.Length; i++)
                levels[i] = (wide == 1 ? symbols[i] : symbols16[i]) - zero;
            return;
        }

        levels.Clear();
        var positions = block.Positions;
        for (int i = 0; i < positions.Length; i++)
        {
            int symbol = wide == 1 ? symbols[i] : symbols16[i];
            levels[positions[i]] = (symbol & 1) != 0 ? -(symbol >> 1) - 1 : (symbol >> 1) + 1;
        }
    }

    /// <summary>Gives a block the symbols and positions of its levels.</summary>
    /// <exception cref="InvalidPayloadException">A level is no symbol, or their number is not the one told before.</exception>
    public void Give(ReadOnlySpan<int> levels, Block block)
    {
        if (AreSymbols)
        {
            levels.CopyTo(SymbolsOf(block));
            return;
        }

        int zero = ZeroOf(block), wide = block.SymbolBytes, last = (1 << block.SymbolBits) - 1, next = 0;
        var symbols = block.Symbols;
        var symbols16 = MemoryMarshal.Cast<byte, ushort>(symbols);
        for (int i = 0; i < levels.Length; i++)
        {
            int symbol = levels[i] + zero;
            if (block.CodesGaps)
            {
                if (levels[i] == 0)
                    continue;
                symbol = levels[i] < 0 ? 2 * (-levels[i] - 1) + 1 : 2 * (levels[i] - 1);
                if (next == symbols.Length / wide)
                    throw InvalidPayloadException.Field("kept values", i, next + 1, $"must be {next} as said before");
                block.Positions[next] = (ushort)i;
            }

            if ((uint)symbol > (uint)last)
                throw InvalidPayloadException.Field("symbol", i, symbol, $"must be from 0 to {last}");
            if (wide == 1)
                symbols[next++] = (byte)symbol;
            else
                symbols16[next++] = (ushort)symbol;
        }

        if (next < block.Count)
            throw InvalidPayloadException.Field("kept values", levels.Length, next, $"must be {block.Count} as said before");
    }

    int ZeroOf(Block block) => block.IsSparse || quantizer.ZeroSymbol < 0 ? 1 << (block.SymbolBits - 1) : quantizer.ZeroSymbol;
}
