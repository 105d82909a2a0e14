using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>Which values share a grid.</summary>
public enum GridScope
{
    /// <summary>All coded values of the model.</summary>
    Model,

    /// <summary>All of a tensor's.</summary>
    Tensor,

    /// <summary>Those of one index of the tensor's first dimension.</summary>
    Channel,

    /// <summary>Each run of a fixed number of coded values.</summary>
    Block,
}

/// <summary>A stage that turns values into small integers, one symbol a value, on grids that travel with them.</summary>
public abstract record QuantizeStage : Stage
{
    private protected QuantizeStage()
    {
    }

    /// <inheritdoc/>
    public sealed override StageKind Kind => StageKind.Quantize;

    /// <summary>Bits of a symbol.</summary>
    internal abstract int SymbolBits { get; }

    /// <summary>The symbol of zero in a dense block, or -1 where zero has none.</summary>
    internal virtual int ZeroSymbol => -1;

    /// <summary>Which values share a grid.</summary>
    internal abstract GridScope GridScope { get; }

    /// <summary>Values of a grid's run, where the scope is <see cref="GridScope.Block"/>.</summary>
    internal virtual int GridLength => 0;

    /// <summary>Whether the decoded value equals the value in the mean over the random key, for any values.</summary>
    internal virtual bool IsUnbiased => false;

    /// <summary>Whether it is unbiased for values that a rotation made alike.</summary>
    internal virtual bool IsUnbiasedWhenRotated => IsUnbiased;

    /// <summary>The quantizer of sums of what this one decoded, which loses nothing of them; null where there is none.</summary>
    internal virtual QuantizeStage? ForSums => null;

    /// <summary>The step whose multiples all levels are, where the notation names it; otherwise 0.</summary>
    internal virtual float SumStep => 0;

    /// <summary>The one step of all tensors, in an encoder, where a stage to the left shares it; 0 where there is none.</summary>
    internal virtual float StepFor(CodecPlan plan) => 0;

    /// <summary>The stage that does its work on values that a select kept.</summary>
    internal virtual QuantizeStage AfterSelect => this;

    /// <summary>Whether small weights, biases and normalizations are coded like the others.</summary>
    internal virtual bool CodesEveryWeight => false;

    /// <summary>The quantizer as it works before that coder.</summary>
    internal virtual QuantizeStage Before(Code.CodeStage coder) => this;

    /// <summary>
    /// Whether running statistics travel in few bits each (<see cref="Code.ShortFloats"/>) rather than as floats, and between
    /// versions of a model normalizations in finer steps than weights (<see cref="FineNormalizations"/>).
    /// </summary>
    internal virtual bool TellsRoles => false;

    /// <summary>Refuses what the stage cannot do after that select.</summary>
    internal virtual void CheckAfter(SelectStage? select, string codec)
    {
    }

    /// <summary>Finds the grids in an encoder.</summary>
    internal virtual GridFitter CreateFitter(CodecPlan plan) => new StatisticsFitter(this);

    /// <summary>Times that all values are gathered from, one after another.</summary>
    internal virtual int Passes => 1;

    /// <summary>Gathers what <see cref="Fit"/> needs of one run of values; at least their extremes, in the first pass.</summary>
    /// <param name="statistics">Takes them in.</param>
    /// <param name="values">The run.</param>
    /// <param name="grid">What the pass before fitted; default in the first.</param>
    internal abstract void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid);

    /// <summary>
    /// The grid for the values gathered; after the last pass exactly as the decoder will read it, or with more than that.
    /// </summary>
    internal abstract Grid Fit(in GridStatistics statistics, bool sparse, Grid grid);

    /// <summary>
    /// The largest magnitude that a grid holds within the stated error. What is beyond stands apart in the payload.
    /// </summary>
    internal virtual float Reach(Grid grid, bool sparse) => float.PositiveInfinity;

    /// <summary>
    /// The largest magnitude of a model from which its values drown in what the quantizer rounds away: such a model stands as
    /// floats.
    /// </summary>
    internal virtual float Floor => SmallestNormal;

    /// <summary>2^-126: below it floats lose digits, and so do grids.</summary>
    private protected const float SmallestNormal = 1.17549435e-38f;

    internal abstract void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols);

    /// <summary>Whether symbols depend on how strong the values around are; then all values of a block share a grid.</summary>
    internal virtual bool FollowsStrength => false;

    /// <summary>Quantizes a block's values again, now that it is known how strong they are.</summary>
    internal virtual void Requantize(ReadOnlySpan<float> values, Grid grid, Code.Strengths strengths, Span<byte> symbols)
    {
    }

    /// <summary>Whether the outermost symbols stand for all levels beyond them too, which travel apart.</summary>
    internal virtual bool HasEscapes => false;

    /// <summary>Finds the levels of values whose symbols are the outermost.</summary>
    internal virtual void FindEscapes(ReadOnlySpan<float> values, Grid grid, ReadOnlySpan<byte> symbols, List<Escape> escapes)
    {
    }

    /// <summary>The value of a level, where levels may be beyond symbols.</summary>
    internal virtual float ValueOf(int level, Grid grid) => 0;

    internal abstract void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values);

    internal abstract void Write(Grid grid, bool sparse, PayloadWriter writer);

    /// <exception cref="InvalidPayloadException">The grid is not finite, or its levels would not be.</exception>
    internal abstract Grid Read(ref PayloadReader reader, bool sparse);

    /// <summary>The largest magnitude that a symbol can stand for.</summary>
    internal abstract double Largest(Grid grid, bool sparse);

    /// <summary>The largest magnitude among values, where no level of the grid is a useful bound.</summary>
    internal virtual double LargestOf(ReadOnlySpan<byte> symbols, Grid grid, bool sparse) => Largest(grid, sparse);

    /// <summary>The quantizer for biases, normalizations and small tensors: never under 8 bits.</summary>
    internal virtual Uniform ForFineTensors() => new(Math.Clamp(SymbolBits, 8, 16));
}
