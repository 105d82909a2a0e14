using System.Globalization;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>Minus one, zero or one, times the mean magnitude of the values that are not zero; a tensor at a time.</summary>
/// <remarks>
/// Dense: a value counts from <see cref="Threshold"/> times its tensor's mean magnitude up. After a select the kept values
/// are those that count, and only their signs are sent. Biased: belongs behind <c>feedback</c>.
/// Error: at the threshold 0.7 a share of 0.192 of normal values' energy, 0.282 of Laplace values'.
/// Bytes: 4 a tensor, and 2 bits a value before entropy coding; after a select 1 bit.
/// Source: Li and Liu, "Ternary weight networks", 2016, arXiv:1605.04711 (dense); Sattler et al., "Robust and
/// Communication-Efficient Federated Learning from Non-IID Data", 2019, arXiv:1903.02891 (after top-k).
/// </remarks>
public sealed record Ternary : QuantizeStage, INotated<Ternary>
{
    /// <summary>The threshold of the paper, near the best for normal and for uniform values.</summary>
    public const double DefaultThreshold = 0.7;

    /// <summary>Ternary values.</summary>
    /// <param name="threshold">What counts, in mean magnitudes; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is negative or not finite.</exception>
    public Ternary(double threshold = DefaultThreshold)
    {
        if (!(threshold >= 0 && double.IsFinite(threshold)))
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "The threshold must be finite and at least 0.");
        Threshold = threshold;
    }

    /// <summary>From how many mean magnitudes on a value is not zero.</summary>
    public double Threshold { get; }

    static string INotated<Ternary>.Word => "ternary";

    /// <inheritdoc/>
    public override string Keyword => "ternary";

    internal override int SymbolBits => 2;

    internal override int ZeroSymbol => 1;

    internal override GridScope GridScope => GridScope.Tensor;

    internal override QuantizeStage AfterSelect => new Sign();

    internal override int Passes => 2;

    private protected override IEnumerable<string> Arguments =>
        Threshold == DefaultThreshold ? [] : [$"threshold={Threshold.ToString(CultureInfo.InvariantCulture)}"];

    static Ternary INotated<Ternary>.Parse(LineArguments arguments)
    {
        if (arguments.Named("threshold") is not { } argument)
            return new Ternary();
        double threshold = arguments.Number(argument, argument.Text);
        return threshold >= 0 ? new Ternary(threshold)
            : throw arguments.Error(argument.Column, $"'{argument.Text}' must be at least 0");
    }

    internal override void CheckAfter(SelectStage? select, string codec)
    {
        if (select is not null && Threshold != DefaultThreshold)
            throw Notation.Error(codec, codec.IndexOf("threshold=", StringComparison.Ordinal) + 1,
                $"after '{select.Keyword}' every kept value counts; write 'ternary' without a threshold");
    }

    internal override void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid)
    {
        if (grid == default)
        {
            statistics.Add(values);
            statistics.Sum += LaneSums.OfMagnitudes(values);
            return;
        }

        var (sum, count) = LaneSums.OfMagnitudesFrom(grid.Low, values);
        statistics.Sum += sum;
        statistics.Count += count;
    }

    // The first pass finds the bound, the second what reaches it. Of zeros alone both are zero.
    internal override Grid Fit(in GridStatistics statistics, bool sparse, Grid grid)
    {
        float mean = statistics.Count == 0 ? 0 : (float)(statistics.Sum / statistics.Count);
        return grid == default ? new Grid((float)Math.Min(Threshold * mean, float.MaxValue), mean) : grid with { Step = mean };
    }

    internal override void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols) =>
        TernaryKernel.Quantize(values, grid.Low, symbols);

    internal override void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values) =>
        UniformKernel.Dequantize(symbols, new UniformLevels(grid with { Low = 0 }, 1, LevelKind.Signed), values);

    internal override void Write(Grid grid, bool sparse, PayloadWriter writer) => writer.Single(grid.Step);

    internal override Grid Read(ref PayloadReader reader, bool sparse) =>
        new(0, GridNumbers.ReadMagnitude(ref reader, "mean magnitude"));

    internal override double Largest(Grid grid, bool sparse) => grid.Step;
}
