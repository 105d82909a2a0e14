using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;

namespace Plume.Compression.Codecs.Select;

/// <summary>
/// A share of the values, chosen at random from the payload's key, which the receiver knows: no positions are sent.
/// </summary>
/// <remarks>
/// Each block of 64 Ki values keeps its rounded share, any of its values as likely as another. Kept values are multiplied by
/// length / kept, so that the mean over keys is the values: unbiased, with an error of (length / kept - 1) * ||x||^2. With
/// <c>feedback</c> they are not: what was not kept is sent later. Clients with the same key keep the same positions. Where a
/// multiplied value is beyond a float, all values are sent, as floats.
/// Bytes: of the values alone.
/// Source: Konecny et al., "Federated Learning: Strategies for Improving Communication Efficiency", 2016,
/// arXiv:1610.05492 (random mask); Stich et al., "Sparsified SGD with Memory", NeurIPS 2018, arXiv:1809.07599.
/// </remarks>
public sealed record RandomK : SelectStage, INotated<RandomK>
{
    /// <summary>Keeps a share of the values.</summary>
    /// <param name="share">Above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of its range.</exception>
    public RandomK(double share)
    {
        if (!(share > 0 && share <= 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "It must be above 0 and at most 1.");
        Share = share;
    }

    /// <summary>The share kept.</summary>
    public double Share { get; }

    static string INotated<RandomK>.Word => "randk";

    /// <inheritdoc/>
    public override string Keyword => "randk";

    private protected override IEnumerable<string> Arguments => [Percentage.Print(Share)];

    internal override bool IsUnbiased => true;

    internal override bool KeepsNotFinite => false;

    internal override PositionCoding Positions => PositionCoding.Known;

    static RandomK INotated<RandomK>.Parse(LineArguments arguments) => arguments.Positional("share") is { } share
        ? new RandomK(Percentage.Parse(arguments, share))
        : throw arguments.Error("randk needs a share, such as randk(5%)");

    /// <summary>How many of a block's values are kept: at least one.</summary>
    internal int KeptOf(int length) => (int)Math.Clamp(Math.Round(Share * length), Math.Min(1, length), length);

    internal override BlockSelector CreateSelector(CodecPlan plan) => new RandomKSelector(this, scales: !plan.Codec.Remembers);
}

sealed class RandomKSelector(RandomK stage, bool scales) : BlockSelector
{
    readonly bool scales = scales;

    public override void Select(ReadOnlyMemory<float> values, Block[] blocks, SelectContext context) =>
        context.Loop.Run(blocks.Length, (this, values, blocks, context.Key), static (state, index, _) =>
        {
            var block = state.blocks[index];
            state.Item1.Locate(block, state.Key);
            float factor = state.Item1.scales ? (float)((double)block.Plan.Length / Math.Max(1, block.Count)) : 1;
            var source = state.values.Span.Slice(block.Plan.Start, block.Plan.Length);
            var kept = block.Kept;
            for (int i = 0; i < kept.Length; i++)
                kept[i] = source[block.Positions[i]] * factor;
        });

    public override void Locate(Block[] blocks, SelectContext context) =>
        context.Loop.Run(blocks.Length, (this, blocks, context.Key),
            static (state, index, _) => state.Item1.Locate(state.blocks[index], state.Key));

    // Algorithm S (Fan, Muller and Rezucha, 1962): each position is taken with the chance of what is still to be taken
    // among what is still to come, so all sets of positions are equally likely and exactly as many as wanted are taken.
    void Locate(Block block, RandomKey key)
    {
        int length = block.Plan.Length, wanted = stage.KeptOf(length);
        block.MakeSparse(wanted, codesGaps: false);
        var positions = block.Positions;
        var draws = new RandomDraws(key.Fold("randk").Fold((ulong)block.Plan.Start));
        int taken = 0;
        for (int position = 0; taken < wanted; position++)
        {
            if (draws.NextDouble() * (length - position) < wanted - taken)
                positions[taken++] = (ushort)position;
        }
    }
}
