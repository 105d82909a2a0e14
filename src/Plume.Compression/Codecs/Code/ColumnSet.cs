using Plume.Compression.Codecs.Code.Entropy;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code;

/// <summary>The columns of all tensors that may have theirs told apart, in one range coded section.</summary>
sealed class ColumnSet
{
    readonly Columns?[] ofTensor;
    readonly LevelModel model = new();
    readonly PayloadWriter section = new();

    /// <param name="plan">What is coded, and how.</param>
    /// <param name="symbols">How symbols become tokens.</param>
    public ColumnSet(CodecPlan plan, RansSymbols symbols)
    {
        bool some = symbols.HasColumns && !plan.Codec.Selects;
        ofTensor = [.. plan.Tensors(TensorTreatment.Coded)
            .Select(tensor => some && Columns.MayTell(tensor) ? new Columns(tensor) : null)];
    }

    /// <summary>Whether columns may be told apart in a block.</summary>
    public bool MayTell(Block block) => ofTensor[block.Plan.TensorIndex] is not null;

    /// <summary>Finds the columns of all tensors from the sums of their blocks.</summary>
    public void Fit(Block[] blocks)
    {
        foreach (var columns in ofTensor)
            columns?.Clear();
        foreach (var block in blocks)
            ofTensor[block.Plan.TensorIndex]?.Add(block.Rans.ColumnSums);
        foreach (var columns in ofTensor)
            columns?.Fit();
        Assign(blocks);
    }

    public void Write(PayloadWriter output)
    {
        if (!Array.Exists(ofTensor, static columns => columns is not null))
            return;
        section.Clear();
        var coder = new RangeEncoder(section);
        Code(ref coder);
        coder.Finish();
        output.Varint(section.Length);
        output.Bytes(section.Written.Span);
    }

    /// <exception cref="InvalidPayloadException">A field breaks its rule.</exception>
    public void Read(ref PayloadReader input, Block[] blocks)
    {
        if (Array.Exists(ofTensor, static columns => columns is not null))
        {
            var coder = new RangeDecoder(input.Bytes(input.Varint("length of columns", 0, input.Left), "columns"));
            Code(ref coder);
            coder.Finish();
        }

        Assign(blocks);
    }

    void Code<TCoder>(ref TCoder coder) where TCoder : struct, ILevelCoder, allows ref struct
    {
        model.Clear();
        foreach (var columns in ofTensor)
            columns?.Code(ref coder, model);
    }

    void Assign(Block[] blocks)
    {
        foreach (var block in blocks)
            block.Rans.Shape(block.Plan, ofTensor[block.Plan.TensorIndex] is { AreUsed: true } columns ? columns : null);
    }
}
