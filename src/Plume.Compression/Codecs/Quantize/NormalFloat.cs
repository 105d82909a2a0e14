using Plume.Compression.Kernels.Levels;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>
/// Four bits a value: sixteen levels that about equally many normal values fall to, times the largest magnitude of each run of
/// values.
/// </summary>
/// <remarks>
/// Zero is a level, and the largest magnitude of a run is at most 2^-7 of itself away from one.
/// Error: at most 0.154 of a run's largest magnitude a value.
/// Bytes: 2 for each <see cref="Block"/> coded values, and 4 bits a value.
/// Source: Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs", NeurIPS 2023, arXiv:2305.14314. Differs from
/// it: a run's largest magnitude is rounded up to 2 bytes, instead of 4 bytes or doubly quantized.
/// </remarks>
public sealed record NormalFloat : QuantizeStage, INotated<NormalFloat>
{
    /// <summary>Values of a run in the paper.</summary>
    public const int DefaultBlock = 64;

    const int MinBlock = 8;
    const int MaxBlock = 65_536;

    /// <summary>Normal floats of 4 bits.</summary>
    /// <param name="block">Values that share a scale, 8 to 65,536.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of its range.</exception>
    public NormalFloat(int block = DefaultBlock)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(block, MinBlock);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(block, MaxBlock);
        Block = block;
    }

    /// <summary>Values that share a scale.</summary>
    public int Block { get; }

    static string INotated<NormalFloat>.Word => "nf4";

    /// <inheritdoc/>
    public override string Keyword => "nf4";

    internal override int SymbolBits => 4;

    internal override int ZeroSymbol => NormalLevels.Zero;

    internal override GridScope GridScope => GridScope.Block;

    internal override int GridLength => Block;

    private protected override IEnumerable<string> Arguments => Block == DefaultBlock ? [] : [$"block={Block}"];

    static NormalFloat INotated<NormalFloat>.Parse(LineArguments arguments) =>
        arguments.Named("block") is { } block ? new NormalFloat(arguments.Integer(block, MinBlock, MaxBlock)) : new NormalFloat();

    internal override void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid) => statistics.Add(values);

    internal override Grid Fit(in GridStatistics statistics, bool sparse, Grid grid) =>
        new(0, GridNumbers.ShortenUp(statistics.Largest));

    internal override void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols)
    {
        // Between equal bounds there is no nearest level.
        if (grid.Step == 0)
            symbols.Fill(NormalLevels.Zero);
        else
            NormalLevels.Table.Quantize(values, grid.Step, symbols);
    }

    internal override void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values) =>
        NormalLevels.Table.Dequantize(symbols, grid.Step, values);

    internal override void Write(Grid grid, bool sparse, PayloadWriter writer) => GridNumbers.WriteShort(grid.Step, writer);

    internal override Grid Read(ref PayloadReader reader, bool sparse) =>
        new(0, GridNumbers.ReadShort(ref reader, "largest magnitude"));

    internal override double Largest(Grid grid, bool sparse) => grid.Step;
}
