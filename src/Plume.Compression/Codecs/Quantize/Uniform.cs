using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>Evenly spaced levels, the same to both sides of zero; zero is a level from 2 bits on.</summary>
/// <remarks>
/// Dense: 2^Bits - 1 levels k * step, step = max|x| / (2^(Bits-1) - 1), or any odd number of levels. After a select that sends
/// positions: one bit of sign and 2^(Bits-1) magnitudes, evenly from the smallest kept to the largest. At 1 bit: the sign times
/// the mean magnitude (nearest) or times the largest (stochastic).
/// Error: nearest, at most step / 2 a value (and the rounding of a float, 2^-23 of it); stochastic, below step and zero in the
/// mean. At 1 bit nearest, the error of the scaled sign. Of one step that clients share and 1 bit the levels are 0 and the step:
/// what is counted, such as bits.
/// Bytes: a 4-byte step for the model, or for each tensor or channel; 2 bytes (rounded up, so that nothing is clipped) for each
/// block of values; twice that after a select. The symbols are the code stage's. Values that a step at the very top of a float's
/// range does not reach travel as floats.
/// Source: Alistarh et al., "QSGD", NIPS 2017, arXiv:1610.02132 (stochastic, largest-magnitude norm); Wen et al.,
/// "TernGrad", NIPS 2017, arXiv:1705.07878 (2 bits, stochastic). Differs from both: the sign is part of the level.
/// </remarks>
public sealed record Uniform : QuantizeStage, INotated<Uniform>
{
    /// <summary>Evenly spaced levels.</summary>
    /// <param name="bits">1 to 16.</param>
    /// <param name="stochastic">Round up or down at random, so that the mean is exact.</param>
    /// <param name="scope">Which values share a step.</param>
    /// <param name="block">Values that share one where the scope is a block, 8 to 65,536; 0 otherwise.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public Uniform(int bits, bool stochastic = false, GridScope scope = GridScope.Tensor, int block = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 16);
        if (scope == GridScope.Block ? block is < MinBlock or > MaxBlock : block != 0)
            throw new ArgumentOutOfRangeException(nameof(block), block,
                $"A block has {MinBlock} to {MaxBlock} values; for another scope it must be 0.");
        Bits = bits;
        Last = (1 << (bits - 1)) - 1;
        Stochastic = stochastic;
        Scope = scope;
        Block = block;
    }

    Uniform(int bits, bool stochastic, GridScope scope, int block, int last) : this(bits, stochastic, scope, block) =>
        Last = last;

    /// <summary>Levels of one step that a round's clients share, for sums of their levels.</summary>
    /// <param name="bits">1 to 16; of 1 the levels are 0 and the step.</param>
    /// <param name="step">The step, from 2^-118 to 2^64; null where a round says it.</param>
    /// <param name="stochastic">Round up or down at random.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static Uniform OfShared(int bits, float? step = null, bool stochastic = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, FewestSharedBits);
        if (step is { } given && !IsStep(given))
            throw new ArgumentOutOfRangeException(nameof(step), step, StepRange);
        return new Uniform(bits, stochastic, GridScope.Model, 0, Math.Max(1, (1 << (bits - 1)) - 1))
        {
            IsShared = true,
            SharedStep = step,
        };
    }

    const int FewestSharedBits = 1;
    const string StepRange = "It must be from 2^-118 to 2^64.";

    static bool IsStep(double step) => step >= 3.009265538105056e-36 && step <= 18446744073709551616.0;

    const int MinBlock = 8;
    const int MaxBlock = 65_536;

    /// <summary>Bits of a value before entropy coding.</summary>
    public int Bits { get; }

    /// <summary>
    /// Levels on either side of zero: 2^(Bits-1) - 1, or fewer where the notation says how many there are in all. Of 1 bit that
    /// clients share it is the largest level.
    /// </summary>
    public int Last { get; }

    /// <summary>Whether rounding is random and exact in the mean.</summary>
    public bool Stochastic { get; }

    /// <summary>Which values share a step.</summary>
    public GridScope Scope { get; }

    /// <summary>Values that share a step where the scope is a block, or 0.</summary>
    public int Block { get; }

    /// <summary>Whether all of a round's clients have one step, so that their levels can be added.</summary>
    public bool IsShared { get; private init; }

    /// <summary>That step; null where a round says it.</summary>
    public float? SharedStep { get; private init; }

    static string INotated<Uniform>.Word => "uniform";

    /// <inheritdoc/>
    public override string Keyword => "uniform";

    internal override int SymbolBits => Bits;

    internal override int ZeroSymbol => Bits == 1 ? -1 : DenseLevels;

    internal override GridScope GridScope => Scope;

    internal override int GridLength => Block;

    private protected override IEnumerable<string> Arguments
    {
        get
        {
            yield return IsShared || Last == (1 << (Bits - 1)) - 1 ? Bits.ToString(CultureInfo.InvariantCulture) : $"levels={2 * Last + 1}";
            if (Stochastic)
                yield return "stochastic";
            if (Scope == GridScope.Block)
                yield return $"block={Block}";
            else if (IsShared)
                yield return SharedStep is { } step ? $"shared={step.ToString("R", CultureInfo.InvariantCulture)}" : "shared";
            else if (Scope != GridScope.Tensor)
                yield return Scope == GridScope.Model ? "model" : "channel";
        }
    }

    int DenseLevels => Math.Max(1, Last);

    int SparseLevels => Last;

    static Uniform INotated<Uniform>.Parse(LineArguments arguments)
    {
        bool stochastic = arguments.Flag("stochastic");
        var scopes = new List<GridScope>();
        if (arguments.Flag("model"))
            scopes.Add(GridScope.Model);
        if (arguments.Flag("channel"))
            scopes.Add(GridScope.Channel);
        if (arguments.Flag("shared"))
            return ParseShared(arguments, scopes.Count > 0, stochastic, null);
        if (arguments.Named("shared") is { } step)
            return ParseShared(arguments, scopes.Count > 0, stochastic, step);
        int block = arguments.Named("block") is { } length ? arguments.Integer(length, MinBlock, MaxBlock) : 0;
        if (block > 0)
            scopes.Add(GridScope.Block);
        if (scopes.Count > 1)
            throw arguments.Error("values share a step by model, by channel or by block; choose one");
        var scope = scopes.Count == 1 ? scopes[0] : GridScope.Tensor;
        if (arguments.Named("levels") is { } levels)
            return WithLevels(arguments.Integer(levels, 3, 65_535), stochastic, scope, block,
                () => arguments.Error(levels.Column,
                    $"'{levels.Text}' must be odd: zero is a level, and the others come in pairs"));
        if (arguments.Positional("bits") is not { } bits)
            throw arguments.Error("uniform needs its bits, such as uniform(8), or its levels, such as uniform(levels=21)");
        return new Uniform(arguments.Integer(bits, 1, 16), stochastic, scope, block);
    }

    static Uniform ParseShared(LineArguments arguments, bool hasScope, bool stochastic, LineArgument? given)
    {
        if (hasScope || arguments.Named("block") is not null)
            throw arguments.Error("a shared step is one for all values of all clients; leave model, channel or block out");
        if (arguments.Positional("bits") is not { } bits)
            throw arguments.Error("uniform needs its bits, such as uniform(4, shared)");
        float? step = given is { } text ? (float)arguments.Number(text, text.Text) : null;
        if (step is { } number && !IsStep(number))
            throw arguments.Error(given!.Value.Column, $"'{given.Value.Text}' is out of range. {StepRange.TrimEnd('.')}");
        return OfShared(arguments.Integer(bits, FewestSharedBits, 16), step, stochastic);
    }

    static Uniform WithLevels(int levels, bool stochastic, GridScope scope, int block, Func<FormatException> even) =>
        levels % 2 == 1
        ? new Uniform(BitOperations.Log2((uint)levels) + 1, stochastic, scope, block, levels / 2)
        : throw even();

    internal override void CheckAfter(SelectStage? select, string codec)
    {
        int column = codec.IndexOf("uniform", StringComparison.Ordinal) + 1;
        if (select is not null && Scope == GridScope.Channel)
            throw Notation.Error(codec, column,
                $"a channel has no fixed number of values after '{select.Keyword}'; use one step for the tensor or block=64");
        if (select is not null && Stochastic && Bits == 1 && !IsShared)
            throw Notation.Error(codec, column,
                $"at 1 bit after '{select.Keyword}' only the sign is sent, which cannot be stochastic; use 2 bits or more");
    }

    internal override bool IsUnbiased => Stochastic && !IsShared;

    internal override QuantizeStage Before(CodeStage coder) => coder is Secure secure
        ? new SharedLevels(this, secure.BitsFor(this)) : this;

    internal override void Gather(ref GridStatistics statistics, ReadOnlySpan<float> values, Grid grid)
    {
        statistics.Add(values);
        if (Bits == 1)
            statistics.Sum += LaneSums.OfMagnitudes(values);
    }

    internal override Grid Fit(in GridStatistics statistics, bool sparse, Grid grid)
    {
        if (statistics.Count == 0)
            return default;
        float mean = (float)(statistics.Sum / statistics.Count);
        if (sparse)
        {
            float low = Shorten(Bits == 1 ? mean : statistics.Smallest, up: false);
            return new Grid(low, Bits == 1 ? 0 : Step(low, statistics.Largest, SparseLevels));
        }

        return new Grid(0, Bits == 1 && !Stochastic ? Shorten(mean, up: true) : Step(0, statistics.Largest, DenseLevels));
    }

    float Step(float low, float largest, int levels)
    {
        float step = Shorten((largest - low) / levels, up: true);
        // Of a subnormal quotient rounding takes more than a hair.
        while (step < SmallestNormal && step * (double)levels < (double)largest - low)
            step = Block > 0 ? BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(step) + (1u << 16))
                : MathF.BitIncrement(step);
        // The quotient may round up; at the very top of the range that would take the last level beyond it.
        while (!float.IsFinite(low + step * levels))
            step = Block > 0 ? BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(step) - (1u << 16))
                : MathF.BitDecrement(step);
        return step;
    }

    // What the wire holds: 4 bytes for a tensor or channel; the upper 2 bytes for a block.
    float Shorten(float value, bool up)
    {
        if (Block == 0)
            return value;
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint shortened = (up ? bits + 0xFFFF : bits) & 0xFFFF0000;
        return BitConverter.UInt32BitsToSingle(Math.Min(shortened, 0x7F7F0000));
    }

    // Levels reach the largest value but for a rounding, unless that is at the very top of the range.
    internal override float Reach(Grid grid, bool sparse) => Bits == 1 && !Stochastic || Bits == 1 && sparse
        ? float.PositiveInfinity
        : (float)(Largest(grid, sparse) * (1 + 1.0 / (1 << 20)));

    // Of steps in 2 bytes.
    internal override float Floor => Block > 0 ? SmallestNormal * DenseLevels : SmallestNormal;

    internal override void Quantize(ReadOnlySpan<float> values, Grid grid, bool sparse, RandomKey key, int firstDraw,
        Span<byte> symbols)
    {
        if (Bits > 8)
            UniformKernel.Quantize(values, Levels(grid, sparse), Stochastic, key, firstDraw,
                MemoryMarshal.Cast<byte, ushort>(symbols));
        else
            UniformKernel.Quantize(values, Levels(grid, sparse), Stochastic, key, firstDraw, symbols);
    }

    internal override void Dequantize(ReadOnlySpan<byte> symbols, Grid grid, bool sparse, Span<float> values)
    {
        if (Bits > 8)
            UniformKernel.Dequantize(MemoryMarshal.Cast<byte, ushort>(symbols), Levels(grid, sparse), values);
        else
            UniformKernel.Dequantize(symbols, Levels(grid, sparse), values);
    }

    UniformLevels Levels(Grid grid, bool sparse) =>
        new(grid, sparse ? SparseLevels : DenseLevels, sparse ? LevelKind.SignAndMagnitude : Bits == 1 ? LevelKind.Sign
            : LevelKind.Signed);

    internal override void Write(Grid grid, bool sparse, PayloadWriter writer)
    {
        if (sparse)
            WriteNumber(grid.Low, writer);
        if (!sparse || Bits > 1)
            WriteNumber(grid.Step, writer);
    }

    void WriteNumber(float value, PayloadWriter writer)
    {
        if (Block > 0)
            writer.UInt16((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        else
            writer.Single(value);
    }

    internal override Grid Read(ref PayloadReader reader, bool sparse)
    {
        int offset = reader.Offset;
        float low = sparse ? ReadNumber(ref reader, "smallest magnitude") : 0;
        float step = !sparse || Bits > 1 ? ReadNumber(ref reader, "step") : 0;
        if (!float.IsFinite(low + step * (sparse ? SparseLevels : DenseLevels)))
            throw InvalidPayloadException.Field("step", offset, step, "must give finite levels");
        return new Grid(low, step);
    }

    float ReadNumber(ref PayloadReader reader, string field)
    {
        int offset = reader.Offset;
        float value = Block > 0 ? BitConverter.UInt32BitsToSingle((uint)reader.UInt16(field) << 16) : reader.FiniteSingle(field);
        return float.IsFinite(value) && value >= 0 ? value
            : throw InvalidPayloadException.Field(field, offset, value, "must be finite and not negative");
    }

    internal override double Largest(Grid grid, bool sparse) =>
        grid.Low + (double)grid.Step * (sparse ? SparseLevels : DenseLevels);
}
