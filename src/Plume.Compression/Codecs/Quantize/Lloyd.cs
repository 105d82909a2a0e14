using System.Globalization;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>
/// The levels that are best for normal values, one scale for each block, so chosen that after <c>rotate</c> the decoded
/// values are right in the mean: nothing needs to be remembered, and the mean of n clients has an n-th of the error.
/// </summary>
/// <remarks>
/// Error after <c>rotate</c>, whatever the values, as a share of their energy: 0.5708, 0.1331, 0.0358, 0.00959, 0.00251,
/// 0.000645, 0.000164, 0.0000412 at 1 to 8 bits. Without it the levels fit badly and the result is biased; values of more than
/// 16 times their block's root mean square, which there are only without it, travel as floats.
/// Bytes: 4 for each 65,536 coded values of a tensor, and the bits. The indices' entropy is 1, 1.911, 2.825, 3.765, 4.730,
/// 5.710 bits at 1 to 6 bits, which <c>rans</c> reaches.
/// Source: Vargaftik et al., "EDEN: Communication-Efficient and Robust Distributed Mean Estimation for Federated
/// Learning", ICML 2022, arXiv:2108.08842.
/// </remarks>
public sealed record Lloyd : QuantizeStage, INotated<Lloyd>
{
    /// <summary>Root mean squares beyond which a value has nothing to do with levels that end below 5 of them.</summary>
    const float MostDeviations = 16;

    readonly LevelTable levels;

    /// <summary>2^bits levels.</summary>
    /// <param name="bits">1 to 8.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of its range.</exception>
    public Lloyd(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, LloydMax.MaxBits);
        Bits = bits;
        levels = LloydMax.Levels(bits);
    }

    /// <summary>Bits of a value before entropy coding.</summary>
    public int Bits { get; }

    static string INotated<Lloyd>.Word => "lloyd";

    /// <inheritdoc/>
    public override string Keyword => "lloyd";

    internal override int SymbolBits => Bits;

    internal override GridScope GridScope => GridScope.Block;

    internal override int GridLength => Pipeline.BlockPlan.MaxLength;

    internal override bool IsUnbiasedWhenRotated => true;

    // At one bit the inner product of values and levels is their sum of magnitudes, which one pass finds with the rest.
    internal override int Passes => Bits == 1 ? 1 : 2;

    private protected override IEnumerable<string> Arguments => [Bits.ToString(CultureInfo.InvariantCulture)];

    static Lloyd INotated<Lloyd>.Parse(LineArguments arguments) => arguments.Positional("bits") is { } bits
        ? new Lloyd(arguments.Integer(bits, 1, LloydMax.MaxBits))
        : throw arguments.Error("lloyd needs its bits, such as lloyd(1)");

    internal override void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid)
    {
        if (grid != default)
        {
            statistics.Count += values.Length;
            statistics.Sum += levels.InnerProduct(values, grid.Low);
            return;
        }

        statistics.Add(values);
        statistics.SumOfSquares += LaneSums.OfSquares(values);
        if (Bits == 1)
            statistics.Sum += LaneSums.OfMagnitudes(values) * levels.Last;
    }

    // Low is the root mean square, which only the encoder needs.
    internal override Grid Fit(in GridStatistics statistics, bool sparse, Grid grid)
    {
        if (statistics.Count == 0)
            return default;
        double squares = statistics.SumOfSquares;
        if (grid == default)
            grid = new Grid((float)Math.Sqrt(squares / statistics.Count), 0);
        else
            squares = (double)grid.Low * grid.Low * statistics.Count;
        return statistics.Sum == 0 ? grid : grid with { Step = LloydMax.UnbiasedScale(squares, statistics.Sum, levels) };
    }

    internal override float Reach(Grid grid, bool sparse) => LloydMax.IsLargestScale(grid.Step, levels) ? 0
        : MostDeviations * grid.Low;

    internal override void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols) =>
        levels.Quantize(values, grid.Low, symbols);

    internal override void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values) =>
        levels.Dequantize(symbols, grid.Step, values);

    internal override void Write(Grid grid, bool sparse, PayloadWriter writer) => writer.Single(grid.Step);

    internal override Grid Read(ref PayloadReader reader, bool sparse)
    {
        int offset = reader.Offset;
        float scale = GridNumbers.ReadMagnitude(ref reader, "scale");
        return float.IsFinite(scale * levels.Last)
            ? new Grid(0, scale)
            : throw InvalidPayloadException.Field("scale", offset, scale, "must give finite levels");
    }

    internal override double Largest(Grid grid, bool sparse) => (double)grid.Step * levels.Last;
}
