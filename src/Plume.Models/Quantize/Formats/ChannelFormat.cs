using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Quantize.Formats;

/// <summary>Levels around zero with one scale for each output channel: 1 bit is binary, 2 bits are ternary.</summary>
/// <remarks>
/// Bytes: 2 a channel, and for n values ceil(n / 8) at 1 bit, ceil(n / 5) at 2 (five of three to a byte), ceil(n bits / 8) above.
/// Source: for 1 bit Rastegari et al., "XNOR-Net", ECCV 2016, arXiv:1603.05279; for 2 Li et al., "Ternary Weight Networks", 2016,
/// arXiv:1605.04711, with the best threshold instead of an estimated one.
/// </remarks>
public sealed record ChannelFormat : WeightFormat
{
    readonly FakeQuantizer quantizer;

    /// <summary>Levels of so many bits.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bits are not 1 to 8.</exception>
    public ChannelFormat(int bits) => quantizer = new FakeQuantizer(bits);

    /// <summary>8 bits a value.</summary>
    public static ChannelFormat Int8 { get; } = new(8);

    /// <summary>-1, 0 or 1 times the channel's scale.</summary>
    public static ChannelFormat Ternary { get; } = new(2);

    /// <summary>The sign times the channel's mean magnitude.</summary>
    public static ChannelFormat Binary { get; } = new(1);

    /// <summary>Bits of a level.</summary>
    public int Bits => quantizer.Bits;

    /// <inheritdoc/>
    public override long BytesOf(IReadOnlyList<int> shape, int axis) =>
        2L * shape[axis] + (Bits == 2 ? (Count(shape) + 4) / 5 : (Count(shape) * Bits + 7) / 8);

    private protected override void Apply(float[] values, Channels channels)
    {
        float[] channel = new float[channels.Length], scales = new float[channels.Count];
        for (int c = 0; c < scales.Length; c++)
        {
            channels.Gather(values, c, channel);
            scales[c] = Stored(WeightScales.Of(channel, quantizer, WeightFit.LeastSquares));
        }

        for (int i = 0; i < values.Length; i++)
            values[i] = scales[channels.Of(i)] is > 0 and var scale ? quantizer.Quantize(values[i], scale) : 0;
    }

    /// <summary>For example <c>binary</c> or <c>int8</c>.</summary>
    public override string ToString() => Bits switch { 1 => "binary", 2 => "ternary", _ => $"int{Bits}" };
}
