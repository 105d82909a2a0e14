using System.Collections.Concurrent;
using System.Globalization;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Lines;
using Plume.Compression.Wire;
using ZstdSharp;

namespace Plume.Compression.Codecs.Code;

/// <summary>Fixed-width fields as <see cref="Pack"/> writes them, then Zstandard (RFC 8878) by the library ZstdSharp.</summary>
/// <remarks>Bytes: what the library makes of each block, and the length before it (1 to 3 bytes).</remarks>
public sealed record Zstd : CodeStage, INotated<Zstd>
{
    const int Fastest = 1;
    const int Default = 3;
    const int Smallest = 22;

    /// <summary>Zstandard at a level.</summary>
    /// <param name="level">1 (fastest) to 22 (smallest).</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is out of its range.</exception>
    public Zstd(int level = Default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, Fastest);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, Smallest);
        Level = level;
    }

    /// <summary>1 (fastest) to 22 (smallest).</summary>
    public int Level { get; }

    static string INotated<Zstd>.Word => "zstd";

    /// <inheritdoc/>
    public override string Keyword => "zstd";

    private protected override IEnumerable<string> Arguments => Level == Default ? []
        : [Level.ToString(CultureInfo.InvariantCulture)];

    static Zstd INotated<Zstd>.Parse(LineArguments arguments) =>
        new(arguments.Positional("level") is { } level ? arguments.Integer(level, Fastest, Smallest) : Default);

    internal override BlockCoder CreateCoder(CodecPlan plan) => new ZstdCoder(Level);
}

sealed class ZstdCoder(int level) : BlockCoder
{
    // The library's contexts are large and for one thread at a time; each call borrows one.
    readonly ConcurrentBag<(Compressor Compressor, Decompressor Decompressor, PayloadWriter Packed)> idle = [];

    public override void Encode(Block block)
    {
        if (block.Count == 0)
            return;
        var tools = Borrow();
        tools.Packed.Clear();
        PackCoder.Write(block, tools.Packed);
        block.Output.Varint(tools.Packed.Length);
        var room = block.Output.Append(Compressor.GetCompressBound(tools.Packed.Length));
        int written = tools.Compressor.Wrap(tools.Packed.Written.Span, room);
        block.Output.Shorten(room.Length - written);
        idle.Add(tools);
    }

    public override void Decode(ReadOnlySpan<byte> input, Block block)
    {
        var reader = new PayloadReader(input);
        if (block.Count == 0)
        {
            reader.End("zstd block");
            return;
        }

        int length = reader.Varint("packed length", 1, MaxPackedLength(block));
        var tools = Borrow();
        tools.Packed.Clear();
        var room = tools.Packed.Append(length);
        int offset = reader.Offset;
        int unpacked;
        try
        {
            unpacked = tools.Decompressor.Unwrap(reader.Bytes(reader.Left, "zstd frame"), room);
        }
        catch (ZstdException refusal)
        {
            throw new InvalidPayloadException($"The zstd frame at offset {offset} of its block is damaged: {refusal.Message}.",
                refusal);
        }

        if (unpacked != length)
            throw InvalidPayloadException.Field("packed length", offset, length, $"must be what the frame holds, {unpacked}");
        PackCoder.Read(room, block);
        idle.Add(tools);
    }

    // Width byte, a Golomb code of at most width + 1 bits a position beside the unary part, the symbols.
    static int MaxPackedLength(Block block) =>
        1 + (block.CodesGaps ? (block.Count * (Golomb.MaxWidth + 1) + block.Plan.Length) / 8 + 1 : 0) + block.Count
            * block.SymbolBytes;

    (Compressor Compressor, Decompressor Decompressor, PayloadWriter Packed) Borrow() =>
        idle.TryTake(out var tools) ? tools : (new Compressor(level), new Decompressor(), new PayloadWriter());
}
