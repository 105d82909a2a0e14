using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Quantize.Formats;

/// <summary>
/// Sixteen levels that about equally many normal values fall to, times the largest magnitude of each run of values.
/// </summary>
/// <remarks>
/// Bytes: 2 for each run of <see cref="Block"/> values, and 4 bits a value.
/// Source: Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs", NeurIPS 2023, arXiv:2305.14314, appendix E. Differs
/// from it: a scale is one 16-bit float, instead of 32 bits or doubly quantized.
/// </remarks>
public sealed record NormalFloatFormat : WeightFormat
{
    static readonly float[] Levels =
    [
        -1, -0.6961928f, -0.52507305f, -0.3949175f, -0.28444138f, -0.18477343f, -0.09105004f, 0,
        0.0795803f, 0.1609302f, 0.2461123f, 0.33791524f, 0.44070983f, 0.562617f, 0.72295684f, 1,
    ];

    /// <summary>Runs of values.</summary>
    /// <param name="block">Values that share a scale, 8 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The block is shorter.</exception>
    public NormalFloatFormat(int block = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 8);
        Block = block;
    }

    /// <summary>Values that share a scale.</summary>
    public int Block { get; }

    /// <inheritdoc/>
    public override long BytesOf(IReadOnlyList<int> shape, int axis) =>
        (Count(shape) + Block - 1) / Block * 2 + (Count(shape) + 1) / 2;

    private protected override void Apply(float[] values, Channels channels)
    {
        for (int start = 0; start < values.Length; start += Block)
        {
            var run = values.AsSpan(start, Math.Min(Block, values.Length - start));
            float largest = 0;
            foreach (float value in run)
                largest = Math.Max(largest, Math.Abs(value));
            float scale = Stored(largest);
            for (int i = 0; scale > 0 && i < run.Length; i++)
                run[i] = scale * Nearest(run[i] / scale);
        }
    }

    static float Nearest(float share)
    {
        float nearest = Levels[0];
        foreach (float level in Levels)
            nearest = Math.Abs(share - level) < Math.Abs(share - nearest) ? level : nearest;
        return nearest;
    }

    /// <summary>For example <c>nf4(block=64)</c>.</summary>
    public override string ToString() => $"nf4(block={Block})";
}
