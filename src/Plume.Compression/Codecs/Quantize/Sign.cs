using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>The sign of each value, times the mean magnitude of its tensor's values.</summary>
/// <remarks>
/// After a select: times the mean magnitude of those kept. Biased: belongs behind <c>feedback</c>.
/// Error: a share of 1 - mean|x|^2 / mean(x^2) of the energy: 0.363 for normal values, 0.5 for Laplace values.
/// Bytes: 4 a tensor and 1 bit a value.
/// Source: Karimireddy et al., "Error Feedback Fixes SignSGD and other Gradient Compression Schemes", ICML 2019,
/// arXiv:1901.09847.
/// </remarks>
public sealed record Sign : QuantizeStage, INotated<Sign>
{
    static string INotated<Sign>.Word => "sign";

    /// <inheritdoc/>
    public override string Keyword => "sign";

    internal override int SymbolBits => 1;

    internal override GridScope GridScope => GridScope.Tensor;

    static Sign INotated<Sign>.Parse(LineArguments arguments) => new();

    internal override void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid)
    {
        statistics.Add(values);
        statistics.Sum += LaneSums.OfMagnitudes(values);
    }

    internal override Grid Fit(in GridStatistics statistics, bool sparse, Grid grid) =>
        new(0, statistics.Count == 0 ? 0 : (float)(statistics.Sum / statistics.Count));

    internal override void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols) =>
        UniformKernel.Quantize(values, Levels(grid), stochastic: false, key, firstDraw, symbols);

    internal override void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values) =>
        UniformKernel.Dequantize(symbols, Levels(grid), values);

    internal override void Write(Grid grid, bool sparse, PayloadWriter writer) => writer.Single(grid.Step);

    internal override Grid Read(ref PayloadReader reader, bool sparse) =>
        new(0, GridNumbers.ReadMagnitude(ref reader, "mean magnitude"));

    internal override double Largest(Grid grid, bool sparse) => grid.Step;

    static UniformLevels Levels(Grid grid) => new(grid, 1, LevelKind.Sign);
}
