using System.Globalization;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Select;

/// <summary>
/// The values whose magnitude reaches a bound; with a bound of zero, all that are not zero, such as a pruned model's.
/// </summary>
/// <remarks>
/// Error: below the bound a value. Zeros are never kept. Biased: what is dropped is lost unless <c>feedback</c> stands to
/// the left. Bytes: positions and values as the code stage writes them; how many there are is up to the values.
/// Source: Strom, "Scalable Distributed DNN Training Using Commodity GPU Cloud Computing", Interspeech 2015. Differs from
/// it: the values themselves are sent, not the bound with their sign (for that write <c>threshold(b) | ternary</c>).
/// </remarks>
public sealed record Threshold : SelectStage, INotated<Threshold>
{
    /// <summary>Keeps what reaches a bound.</summary>
    /// <param name="bound">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is negative or not finite.</exception>
    public Threshold(float bound)
    {
        if (!(bound >= 0 && float.IsFinite(bound)))
            throw new ArgumentOutOfRangeException(nameof(bound), bound, "The bound must be finite and not negative.");
        Bound = bound;
    }

    /// <summary>The smallest magnitude that is kept.</summary>
    public float Bound { get; }

    static string INotated<Threshold>.Word => "threshold";

    /// <inheritdoc/>
    public override string Keyword => "threshold";

    private protected override IEnumerable<string> Arguments => [Bound.ToString(CultureInfo.InvariantCulture)];

    static Threshold INotated<Threshold>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("bound") is not { } argument)
            throw arguments.Error("threshold needs the smallest magnitude to keep, such as threshold(0.001)");
        float bound = (float)arguments.Number(argument, argument.Text);
        return bound >= 0 && float.IsFinite(bound) ? new Threshold(bound)
            : throw arguments.Error(argument.Column, $"'{argument.Text}' must be 0 or more, and a float");
    }

    internal override BlockSelector CreateSelector(CodecPlan plan) => new ThresholdSelector(this);
}

sealed class ThresholdSelector(Threshold stage) : BlockSelector
{
    readonly uint bound = Math.Max(1, Magnitudes.BitsOf(stage.Bound));

    public override void Select(ReadOnlyMemory<float> values, Block[] blocks, SelectContext context) =>
        context.Loop.Run(blocks.Length, (values, blocks, bound, context), static (state, index, worker) =>
            state.blocks[index].KeepAtLeast(state.values.Span, state.bound, state.context.Scratches[worker]));
}
