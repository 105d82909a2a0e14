using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Select;

/// <summary>The live weights of a pruned model only: those that are not zero in the reference, which both ends hold.</summary>
/// <remarks>
/// What an update says of a dead weight is dropped for good, so that a pruned model stays pruned. Bytes: of the live values
/// alone; no positions are sent. Error: none at live weights. A model's own live weights, with their positions, are
/// <c>threshold(0)</c>.
/// Source: Bibikar et al., "Federated Dynamic Sparse Training", AAAI 2022, arXiv:2112.09824.
/// </remarks>
public sealed record Mask : SelectStage, INotated<Mask>
{
    static string INotated<Mask>.Word => "mask";

    /// <inheritdoc/>
    public override string Keyword => "mask";

    internal override bool UsesReference => true;

    internal override bool IsBinding => true;

    internal override bool KeepsNotFinite => false;

    internal override PositionCoding Positions => PositionCoding.Known;

    static Mask INotated<Mask>.Parse(LineArguments arguments) => new();

    internal override void CheckAfter(TransformStage mixing, string codec) =>
        throw Notation.Error(codec, codec.IndexOf(Keyword, StringComparison.Ordinal) + 1,
            $"'{Keyword}' keeps the values at live weights, but '{mixing.Keyword}' has mixed them with those at dead ones, "
                + $"which undoing it would bring back; leave one of them out, or there may stand "
                + $"{Notation.WordsAfter(mixing.Kind, except: Keyword)}");

    internal override BlockSelector CreateSelector(CodecPlan plan) => new MaskSelector();
}

sealed class MaskSelector : BlockSelector
{
    public override void Select(ReadOnlyMemory<float> values, Block[] blocks, SelectContext context)
    {
        Locate(blocks, context);
        context.Loop.Run(blocks.Length, (values, blocks), static (state, index, _) =>
        {
            var block = state.blocks[index];
            var source = state.values.Span.Slice(block.Plan.Start, block.Plan.Length);
            var kept = block.Kept;
            for (int i = 0; i < kept.Length; i++)
                kept[i] = source[block.Positions[i]];
        });
    }

    public override void Locate(Block[] blocks, SelectContext context) =>
        context.Loop.Run(blocks.Length, (blocks, context), static (state, index, worker) =>
        {
            var block = state.blocks[index];
            block.KeepAtLeast(state.context.Reference.Span, 1, state.context.Scratches[worker]);
            block.MakeSparse(block.Count, codesGaps: false);
        });
}
