using System.Globalization;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Select;

/// <summary>The values of largest magnitude, exactly as many as asked for; of equals, those that come first.</summary>
/// <remarks>
/// Counts over all coded values of the model, or within each tensor. Zeros are never kept, so fewer are sent where
/// fewer are non-zero. Biased: what is dropped is lost unless <c>feedback</c> stands to the left.
/// Bytes: positions and values as the code stage writes them.
/// Source: Aji and Heafield, "Sparse Communication for Distributed Gradient Descent", EMNLP 2017, arXiv:1704.05021.
/// Differs from it: the threshold is exact, not sampled.
/// </remarks>
public sealed record TopK : SelectStage, INotated<TopK>
{
    /// <summary>Keeps a share of the values.</summary>
    /// <param name="share">Above 0 and at most 1.</param>
    /// <param name="perTensor">Whether the share holds within each tensor, not over the model.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public TopK(double share, bool perTensor = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        if (!(share > 0))
            throw new ArgumentOutOfRangeException(nameof(share), share, "The share must be above 0.");
        Share = share;
        PerTensor = perTensor;
    }

    /// <summary>Keeps a number of values.</summary>
    /// <param name="count">At least 1.</param>
    /// <param name="perTensor">Whether each tensor keeps that many, not the model.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 1.</exception>
    public TopK(int count, bool perTensor = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = count;
        PerTensor = perTensor;
    }

    /// <summary>The share kept, or 0 where <see cref="Count"/> says how many.</summary>
    public double Share { get; }

    /// <summary>The number kept, or 0 where <see cref="Share"/> says how many.</summary>
    public int Count { get; }

    /// <summary>Whether it counts within each tensor.</summary>
    public bool PerTensor { get; }

    static string INotated<TopK>.Word => "topk";

    /// <inheritdoc/>
    public override string Keyword => "topk";

    private protected override IEnumerable<string> Arguments
    {
        get
        {
            yield return Count > 0 ? Count.ToString(CultureInfo.InvariantCulture) : Percentage.Print(Share);
            if (PerTensor)
                yield return "tensor";
        }
    }

    static TopK INotated<TopK>.Parse(LineArguments arguments)
    {
        bool perTensor = arguments.Flag("tensor");
        if (arguments.Positional("share or count") is not { } amount)
            throw arguments.Error("topk needs a share or a count, such as topk(1%) or topk(500)");
        return amount.Text.EndsWith('%')
            ? new TopK(Percentage.Parse(arguments, amount), perTensor)
            : new TopK(arguments.Integer(amount, 1, int.MaxValue), perTensor);
    }

    /// <summary>How many of a number of values are kept: at least one.</summary>
    public int KeptOf(int length) => Count > 0 ? Math.Min(Count, length)
        : (int)Math.Clamp(Math.Round(Share * length), Math.Min(1, length), length);

    internal override BlockSelector CreateSelector(CodecPlan plan) => new TopKSelector(this);
}

sealed class TopKSelector(TopK stage) : BlockSelector
{
    readonly MagnitudeThreshold threshold = new();

    public override void Select(ReadOnlyMemory<float> values, Block[] blocks, SelectContext context)
    {
        if (!stage.PerTensor)
        {
            SelectAmong(values, blocks, context);
            return;
        }

        int first = 0;
        for (int next = 1; next <= blocks.Length; next++)
        {
            if (next == blocks.Length || blocks[next].Plan.TensorIndex != blocks[first].Plan.TensorIndex)
            {
                SelectAmong(values, blocks.AsMemory(first, next - first), context);
                first = next;
            }
        }
    }

    void SelectAmong(ReadOnlyMemory<float> values, Memory<Block> blocks, SelectContext context)
    {
        int total = 0;
        foreach (var block in blocks.Span)
            total += block.Plan.Length;
        threshold.Keep(values, blocks, stage.KeptOf(total), context.Loop, context.Scratches);
    }
}
