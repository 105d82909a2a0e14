using System.Numerics;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code;

/// <summary>
/// Levels beyond what a symbol of 8 bits holds: the outermost symbol on either side stands for its level and all beyond,
/// and how far beyond follows in an Exp-Golomb code. They are few where levels are worth coding at all.
/// </summary>
/// <param name="zero">The symbol of zero; 0 and twice that are the outermost.</param>
sealed class EscapeCode(byte zero)
{
    readonly byte highest = (byte)(2 * zero);

    /// <summary>Writes what a block's escaped levels are beyond the outermost.</summary>
    public void Write(ref BitWriter output, Block block)
    {
        foreach (var escape in block.Escapes)
        {
            uint number = (uint)(Math.Abs(escape.Level) - zero + 1);
            int bits = BitOperations.Log2(number);
            output.WriteUnary((uint)bits);
            output.Write(number & ((1u << bits) - 1), bits);
        }
    }

    /// <summary>Finds a block's escaped symbols and reads their levels.</summary>
    /// <exception cref="InvalidPayloadException">A level is too large.</exception>
    public void Read(ref BitReader input, Block block)
    {
        block.Escapes.Clear();
        ReadOnlySpan<byte> symbols = block.Symbols;
        for (int place = 0; symbols[place..].IndexOfAny((byte)0, highest) is >= 0 and var next; place++)
        {
            place += next;
            int bits = (int)input.ReadUnary((uint)BitOperations.Log2(LevelModel.Largest));
            int magnitude = zero - 1 + (int)((1u << bits) | input.Read(bits));
            if (magnitude > LevelModel.Largest)
                throw InvalidPayloadException.Field("level", place, magnitude, $"must be at most {LevelModel.Largest}");
            block.Escapes.Add(new Escape(place, symbols[place] == 0 ? -magnitude : magnitude));
        }
    }
}
