using System.Globalization;
using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Code.Entropy;
using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>What fixes the step of a <see cref="DeadZone"/>.</summary>
public enum StepRule
{
    /// <summary>A multiple of the root mean square of each tensor's values.</summary>
    Relative,

    /// <summary>The step itself, for all tensors.</summary>
    Absolute,

    /// <summary>The largest common step whose squared error stays within this share of the values' energy.</summary>
    Nmse,

    /// <summary>The smallest common step whose payload stays within this many bits a value.</summary>
    Bits,

    /// <summary>The common step that the <c>budget</c> to the left asks for.</summary>
    Budget,

    /// <summary>The largest power of two that all values are multiples of, so that nothing is lost.</summary>
    Grid,
}

/// <summary>
/// Multiples of a step, chosen by what they cost as much as by how near they are, so that few differ from zero.
/// </summary>
/// <remarks>
/// Before <c>range</c> each level is the one of {nearest, one nearer to zero, zero} with the least squared error + 0.11
/// step^2 a bit, at what the coder takes for it at that moment. Before <c>rans</c> it is what the same trade of error for bits
/// makes the best of it among Laplacian values as strong as those of its row and column. Before other coders, which have 255
/// levels, a magnitude of a steps becomes floor(a + 0.36).
/// With <c>trellis</c> a level k stands for k steps or for half a step nearer to zero, which follows from whether the levels
/// before it in its block were odd, and levels are chosen together (Marcellin and Fischer, "Trellis coded quantization of
/// memoryless and Gauss-Markov sources", IEEE Trans. Communications 1990): fewer bits at an error where a value takes more than
/// one or two (docs/benchmarks.md), more below that; two to five times the time to encode.
/// All tensors but running statistics are quantized so, biases too: with one step for all, a bit buys the same error
/// wherever it is spent. With a step for each tensor, those that are not large weights have a quarter of it.
/// Error: at most 1.5 steps a value or so, biased towards zero: use <c>feedback</c>. Steps below 2^-118 count as zero.
/// Magnitudes above 2^20 steps, or above 127 where there are 255 levels, travel as floats.
/// Bytes: 2 for a step (none for a step by value), a step for the model or for each tensor; 5 or 6 for a value that travels as
/// a float. The levels are the code stage's.
/// Source: Sullivan, "Efficient scalar quantization of exponential and Laplacian random variables", IEEE Trans. IT 1996;
/// choice: Wiedemann et al., "DeepCABAC", 2019, arXiv:1907.11900.
/// </remarks>
public record DeadZone : QuantizeStage, INotated<DeadZone>
{
    const int ByteLevels = 127;
    const string GridWord = "grid";

    const string NotBoth = "'trellis' weighs levels against one another and 'exact' takes the nearest; leave one of them out";

    /// <summary>
    /// Magnitudes from here up cost more bits as levels than as floats, and products and quotients lose sight of a step.
    /// </summary>
    const int MostSteps = 1 << 20;

    /// <summary>2^-118: finer steps, whose inverse in 256ths is beyond a float, count as zero.</summary>
    internal const float SmallestStep = 3.0092655e-36f;

    static readonly (string Word, StepRule Rule)[] Rules =
        [("step", StepRule.Relative), ("abs", StepRule.Absolute), ("nmse", StepRule.Nmse), ("bpp", StepRule.Bits)];

    /// <summary>A quantizer with a dead zone.</summary>
    /// <param name="rule">What fixes the step.</param>
    /// <param name="value">The number it is fixed by, above 0; for an error, below 1; for a budget or a grid, 0.</param>
    /// <param name="exact">Always the nearest level, so that values which are multiples of the step stay what they are.</param>
    /// <param name="trellis">Values half a step apart, of which a trellis tells every other one: before <c>range</c> only.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of its range.</exception>
    /// <exception cref="ArgumentException">A trellis never chooses the nearest level alone, so it cannot be exact.</exception>
    public DeadZone(StepRule rule, double value, bool exact = false, bool trellis = false)
    {
        if (!IsValid(rule, value))
            throw new ArgumentOutOfRangeException(nameof(value), value, RangeOf(rule));
        if (exact && trellis)
            throw new ArgumentException(NotBoth, nameof(trellis));
        Trellis = trellis;
        Rule = rule;
        Value = value;
        Exact = exact;
    }

    /// <summary>What fixes the step.</summary>
    public StepRule Rule { get; }

    /// <summary>The number it is fixed by.</summary>
    public double Value { get; }

    /// <summary>Whether levels are always the nearest.</summary>
    public bool Exact { get; }

    /// <summary>Whether a trellis tells which of the values half a step apart a level stands for.</summary>
    public bool Trellis { get; }

    static string INotated<DeadZone>.Word => "deadzone";

    /// <inheritdoc/>
    public override string Keyword => "deadzone";

    /// <summary>Whether symbols are levels of 32 bits, which the code stage may still choose.</summary>
    internal bool IsWide { get; private init; }

    /// <summary>Whether a coder follows that has tables for the strength of values.</summary>
    bool IsCodedByStrength { get; init; }

    internal override bool FollowsStrength => IsCodedByStrength && !Exact;

    internal override bool HasEscapes => IsCodedByStrength;

    internal override int SymbolBits => IsWide ? 32 : 8;

    internal override int ZeroSymbol => IsWide ? 0 : ByteLevels;

    internal override GridScope GridScope => Rule == StepRule.Relative ? GridScope.Tensor : GridScope.Model;

    internal override bool CodesEveryWeight => true;

    // To a power of two all is exact: sums of what auto sent have the steps, and the bits of statistics, that it had.
    internal override bool TellsRoles => Rule == StepRule.Grid;

    internal override float StepFor(CodecPlan plan) => Rule == StepRule.Absolute ? (float)Value : plan.CommonStep;

    internal override QuantizeStage? ForSums =>
        Rule == StepRule.Absolute && !Trellis ? new DeadZone(Rule, Value, exact: true) : null;

    internal override float SumStep => Rule == StepRule.Absolute ? (float)Value : 0;

    private protected override IEnumerable<string> Arguments
    {
        get
        {
            if (Rule == StepRule.Grid)
                yield return GridWord;
            else if (Rule != StepRule.Budget)
                yield return $"{Array.Find(Rules, entry => entry.Rule == Rule).Word}={Value.ToString(CultureInfo.InvariantCulture)}";
            if (Exact)
                yield return "exact";
            if (Trellis)
                yield return "trellis";
        }
    }

    static DeadZone INotated<DeadZone>.Parse(LineArguments arguments)
    {
        bool exact = arguments.Flag("exact"), trellis = arguments.Flag("trellis");
        if (exact && trellis)
            throw arguments.Error(NotBoth);
        DeadZone? parsed = arguments.Flag(GridWord) ? new DeadZone(StepRule.Grid, 0, exact, trellis) : null;
        foreach (var (word, rule) in Rules)
        {
            if (arguments.Named(word) is not { } argument)
                continue;
            if (parsed is not null)
                throw arguments.Error(argument.Column, "the step has one rule; choose step, abs, nmse, bpp or grid");
            double value = arguments.Number(argument, argument.Text);
            parsed = IsValid(rule, value) ? new DeadZone(rule, value, exact, trellis)
                : throw arguments.Error(argument.Column, $"'{argument.Text}' is out of range. {RangeOf(rule)}");
        }

        return parsed ?? new DeadZone(StepRule.Budget, 0, exact, trellis);
    }

    static bool IsValid(StepRule rule, double value) => rule switch
    {
        StepRule.Nmse => value is > 0 and < 1,
        StepRule.Budget or StepRule.Grid => value == 0,
        StepRule.Absolute => value >= SmallestStep && value <= 1e30,
        _ => value is >= 1e-4 and <= 1e4,
    };

    static string RangeOf(StepRule rule) => rule switch
    {
        StepRule.Nmse => "It must be above 0 and below 1.",
        StepRule.Budget => "It must be 0: the budget has the number.",
        StepRule.Grid => "It must be 0: the values have the number.",
        StepRule.Absolute => "It must be from 2^-118 to 1e30.",
        _ => "It must be from 0.0001 to 10,000.",
    };

    internal override void CheckAfter(SelectStage? select, string codec)
    {
        if (select is { Positions: PositionCoding.Gaps })
            throw Notation.Error(codec, codec.IndexOf("deadzone", StringComparison.Ordinal) + 1,
                $"'deadzone' drops values by itself, and '{select.Keyword}' has chosen already; leave one of them out");
    }

    internal override QuantizeStage Before(CodeStage coder) => coder switch
    {
        RangeCode => this with { IsWide = true },
        Rans => this with { IsCodedByStrength = true },
        _ => this,
    };

    internal override GridFitter CreateFitter(CodecPlan plan) => new DeadZoneFitter(this, plan);

    internal override void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid) => statistics.Add(values);

    internal override Grid Fit(in GridStatistics statistics, bool sparse, Grid grid) => grid;

    internal override float Reach(Grid grid, bool sparse) => grid.Step == 0 ? float.PositiveInfinity
        : grid.Step * (IsWide || HasEscapes ? MostSteps : ByteLevels);

    // A step by value says itself what counts as zero.
    internal override float Floor => Rule == StepRule.Absolute ? 0 : SmallestStep * (1 << 16);

    /// <summary>The grid of a step, as the decoder will read it.</summary>
    internal Grid GridOf(double step)
    {
        if (Rule == StepRule.Absolute)
            return new Grid(0, (float)Value);
        float wanted = (float)Math.Min(step, 1e38);
        return new Grid(0, wanted < SmallestStep ? 0 : StepCode.Step(StepCode.AtLeast(wanted)));
    }

    internal override void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols)
    {
        if (grid.Step == 0)
            symbols.Fill((byte)ZeroSymbol);
        else if (!IsWide)
            DeadZoneKernel.ToBytes(values, grid.Step, Exact ? 0.5f : 0.36f, ByteLevels, symbols);
        else
            DeadZoneKernel.ToFixedPoint(values, grid.Step, Exact, MemoryMarshal.Cast<byte, int>(symbols));
    }

    internal override void Requantize(ReadOnlySpan<float> values, Grid grid, Strengths strengths, Span<byte> symbols)
    {
        var rows = strengths.Rows;
        for (int level = strengths.LowestLevel; level <= strengths.HighestLevel && grid.Step > 0; level++)
        {
            ReadOnlySpan<float> offsets = default;
            for (int row = 0; row < rows.Count; row++)
            {
                if (strengths.LevelOf(row) != level)
                    continue;
                if (strengths.HasColumns && offsets.IsEmpty)
                    offsets = strengths.ByPlace(level, RoundingOffsets.ByLevel);
                int start = rows.Start(row), length = rows.End(row) - start;
                if (strengths.HasColumns)
                    DeadZoneKernel.ToBytes(values.Slice(start, length), grid.Step, offsets[rows.PlaceOf(row)..], ByteLevels,
                        symbols[start..]);
                else
                    DeadZoneKernel.ToBytes(values.Slice(start, length), grid.Step, RoundingOffsets.ByLevel[level], ByteLevels,
                        symbols[start..]);
            }
        }
    }

    internal override void FindEscapes(ReadOnlySpan<float> values, Grid grid, ReadOnlySpan<byte> symbols, List<Escape> escapes)
    {
        for (int place = 0; symbols[place..].IndexOfAny((byte)0, (byte)(2 * ByteLevels)) is >= 0 and var next; place++)
        {
            place += next;
            float magnitude = MathF.Round(Math.Min(Math.Abs(values[place]) * (1 / grid.Step), LevelModel.Largest));
            int level = Math.Max(ByteLevels, (int)magnitude);
            escapes.Add(new Escape(place, symbols[place] == 0 ? -level : level));
        }
    }

    internal override float ValueOf(int level, Grid grid) => Math.Clamp(level * grid.Step, -float.MaxValue, float.MaxValue);

    // What the code stage gives back of a trellis are half steps.
    float UnitOf(Grid grid) => Trellis ? grid.Step / 2 : grid.Step;

    internal override void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values)
    {
        if (IsWide)
            DeadZoneKernel.ToValues(MemoryMarshal.Cast<byte, int>(symbols), UnitOf(grid), values);
        else
            DeadZoneKernel.ToValues(symbols, grid.Step, ByteLevels, values);
    }

    internal override void Write(Grid grid, bool sparse, PayloadWriter writer)
    {
        if (Rule != StepRule.Absolute)
            writer.UInt16((ushort)StepCode.AtLeast(grid.Step));
    }

    internal override Grid Read(ref PayloadReader reader, bool sparse)
    {
        if (Rule == StepRule.Absolute)
            return new Grid(0, (float)Value);
        int code = reader.UInt16("step");
        return code <= StepCode.Last ? new Grid(0, StepCode.Step(code))
            : throw InvalidPayloadException.Field("step", reader.Offset - 2, code, $"must be at most {StepCode.Last}");
    }

    internal override double Largest(Grid grid, bool sparse) =>
        (double)grid.Step * (IsWide ? LevelModel.Largest : 255 - ByteLevels);

    internal override double LargestOf(ReadOnlySpan<byte> symbols, Grid grid, bool sparse) =>
        IsWide ? (double)UnitOf(grid) * DeadZoneKernel.LargestMagnitude(MemoryMarshal.Cast<byte, int>(symbols))
            : Largest(grid, sparse);
}

/// <summary>Steps as 16 bits: the upper half of a float. Their codes ascend with the steps, 128 to a factor of two.</summary>
static class StepCode
{
    /// <summary>The code of 1.7e38.</summary>
    public const int Last = 0x7F00;

    public static float Step(int code) => BitConverter.UInt32BitsToSingle((uint)code << 16);

    /// <summary>The code of the smallest step that is not below this one.</summary>
    public static int AtLeast(float step) => (int)((BitConverter.SingleToUInt32Bits(step) + 0xFFFF) >> 16);
}
