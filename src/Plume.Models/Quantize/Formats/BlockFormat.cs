using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Quantize.Formats;

/// <summary>Whole numbers of 2 to 8 bits with one scale for each run of values.</summary>
/// <remarks>Bytes: 2 for each run of <see cref="Block"/> values, and the bits. Error: least squares within each run.</remarks>
public sealed record BlockFormat : WeightFormat
{
    readonly FakeQuantizer quantizer;

    /// <summary>Runs of values.</summary>
    /// <param name="bits">2 to 8.</param>
    /// <param name="block">Values that share a scale, 8 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public BlockFormat(int bits = 4, int block = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 8);
        (quantizer, Block) = (new FakeQuantizer(bits), block);
    }

    /// <summary>Bits of a level.</summary>
    public int Bits => quantizer.Bits;

    /// <summary>Values that share a scale.</summary>
    public int Block { get; }

    /// <inheritdoc/>
    public override long BytesOf(IReadOnlyList<int> shape, int axis) =>
        (Count(shape) + Block - 1) / Block * 2 + (Count(shape) * Bits + 7) / 8;

    private protected override void Apply(float[] values, Channels channels)
    {
        for (int start = 0; start < values.Length; start += Block)
        {
            var run = values.AsSpan(start, Math.Min(Block, values.Length - start));
            float scale = Stored(WeightScales.Of(run, quantizer, WeightFit.LeastSquares));
            if (scale > 0)
                quantizer.Quantize(run, scale, run);
        }
    }

    /// <summary>For example <c>int4(block=32)</c>.</summary>
    public override string ToString() => $"int{Bits}(block={Block})";
}
