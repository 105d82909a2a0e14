using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Codecs.Quantize.Floats;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>How a codec treats a tensor.</summary>
public enum TensorTreatment
{
    /// <summary>Every stage works on it.</summary>
    Coded,

    /// <summary>A bias, a normalization or a small weight: no value is dropped, 8 bits or more, packed.</summary>
    Fine,

    /// <summary>A running statistic: 32-bit floats, or by <c>auto</c> floats of few bits.</summary>
    Exact,
}

/// <summary>What a codec does to each tensor of a layout, the same on both ends of the wire.</summary>
public sealed class CodecPlan
{
    /// <summary>A weight with fewer values is treated as fine: it costs little, and tables for it would cost more.</summary>
    public const int SmallestCoded = 256;

    /// <summary>Plans a codec for a layout.</summary>
    public CodecPlan(Codec codec, ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentNullException.ThrowIfNull(layout);
        if (codec.NeedsRound)
            throw new ArgumentException(
                $"Codec '{codec}' leaves the step that a round's clients share, or their number, to the round: give it those "
                    + $"first.", nameof(codec));
        Codec = codec;
        Layout = layout;
        var stage = codec.Quantizer ?? FullPrecision.Instance;
        Quantizer = (codec.Selects ? stage.AfterSelect : stage).Before(codec.Coder);
        Treatments = [.. layout.Tensors.Select(tensor => (tensor, TreatmentOf(codec, tensor)))];
        Tag = ComputeTag(codec, layout);
        ShortStatistics = Quantizer.TellsRoles ? Of(TensorTreatment.Exact, TensorRole.Statistic) : [];
        FineNormalizations = Quantizer.TellsRoles && codec.SubtractsReference
            ? Of(TensorTreatment.Coded, TensorRole.Normalization) : [];
        int index = 0;
        Blocks = JoinsTensors ? [.. BlockPlan.Cut(new TensorSpec("all values", [layout.Length], 0, TensorRole.Weight), 0)]
            : [.. Tensors(TensorTreatment.Coded).SelectMany(tensor => BlockPlan.Cut(tensor, index++))];
    }

    /// <summary>The codec.</summary>
    public Codec Codec { get; }

    /// <summary>The layout.</summary>
    public ModelLayout Layout { get; }

    /// <summary>Each tensor with its treatment, in the order of the layout.</summary>
    public IReadOnlyList<(TensorSpec Tensor, TensorTreatment Treatment)> Treatments { get; }

    /// <summary>A payload's mark of codec and layout: a receiver refuses one made for others.</summary>
    internal uint Tag { get; }

    internal BlockPlan[] Blocks { get; }

    /// <summary>
    /// Which of the range coder's models for long runs an encoder uses: rows side by side where every segment is one, one value
    /// after another where a trellis chooses levels, as each choice follows from the one before.
    /// </summary>
    internal PayloadForm LongRuns => Codec.Coder is not RangeCode ? PayloadForm.Coded
        : Codec.Quantizer is DeadZone { Trellis: true } ? PayloadForm.LongRuns
        : Blocks.Sum(static block => (long)block.Length) >= RangeCoder.LongRun ? PayloadForm.Wavefront : PayloadForm.Coded;

    /// <summary>The running statistics that an encoder writes in few bits each.</summary>
    internal TensorSpec[] ShortStatistics { get; }

    /// <summary>The normalizations that an encoder quantizes in finer steps.</summary>
    internal TensorSpec[] FineNormalizations { get; }

    /// <summary>What the form of a payload says of these two.</summary>
    internal PayloadForm ByRole => (ShortStatistics.Length > 0 ? PayloadForm.Statistics : PayloadForm.Coded)
        | (FineNormalizations.Length > 0 ? PayloadForm.FineNormalizations : PayloadForm.Coded);

    /// <summary>
    /// What a version of a model has of the step that a federation says. Statistics of what clients trained arrive whole, while
    /// weights wait until they have moved by half a step: the less they wait, the better the two go together.
    /// </summary>
    internal float PartOfStep => Codec.SubtractsReference && ShortStatistics.Length > 0 ? 0.5f : 1;

    /// <summary>Whether blocks are cut of all values together, whatever tensors they are of.</summary>
    internal bool JoinsTensors => Codec.IsSecure;

    /// <summary>
    /// The one step of all tensors that a search tries at the moment, in an encoder; 0 where nothing is searched for.
    /// </summary>
    internal float CommonStep { get; set; }

    /// <summary>What quantizes: the codec's stage, or what stands for it after a select or where there is none.</summary>
    internal QuantizeStage Quantizer { get; }

    /// <summary>Whether the number of kept values travels for each block.</summary>
    internal bool SendsCounts => Codec.Selector is { Positions: PositionCoding.Gaps };

    /// <summary>Whether a block is nothing but its symbols as fields of a fixed width.</summary>
    internal bool IsFixedWidth =>
        Codec.IsSecure || Codec.Coder is Pack && (Codec.Selector is null || Codec.Selector.Positions == PositionCoding.Known);

    /// <exception cref="ArgumentException">The reference has not the length that the codec needs.</exception>
    internal void CheckReference(ReadOnlyMemory<float> reference)
    {
        int needed = Codec.UsesReference ? Layout.Length : 0;
        if (reference.Length != needed)
            throw new ArgumentException(
                $"Codec '{Codec}' needs a reference of {needed} values, but {reference.Length} were given.", nameof(reference));
    }

    internal IEnumerable<TensorSpec> Tensors(TensorTreatment treatment) =>
        Treatments.Where(entry => entry.Treatment == treatment && entry.Tensor.Length > 0).Select(entry => entry.Tensor);

    TensorSpec[] Of(TensorTreatment treatment, TensorRole role) => [.. Tensors(treatment).Where(tensor => tensor.Role == role)];

    static TensorTreatment TreatmentOf(Codec codec, TensorSpec tensor) => tensor.Role switch
    {
        _ when codec.IsSecure || !codec.Selects && codec.Quantizer is null => TensorTreatment.Coded,
        TensorRole.Statistic or TensorRole.Step => TensorTreatment.Exact,
        _ when codec.Quantizer is { CodesEveryWeight: true } => TensorTreatment.Coded,
        TensorRole.Weight when tensor.Length >= SmallestCoded => TensorTreatment.Coded,
        _ => codec.Quantizer is null ? TensorTreatment.Exact : TensorTreatment.Fine,
    };

    static uint ComputeTag(Codec codec, ModelLayout layout)
    {
        var hash = new XxHash32();
        hash.Append(Encoding.UTF8.GetBytes(codec.Text));
        Span<byte> fingerprint = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(fingerprint, layout.Fingerprint);
        hash.Append(fingerprint);
        return hash.GetCurrentHashAsUInt32();
    }
}
