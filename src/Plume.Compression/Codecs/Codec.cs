using Plume.Compression.Codecs.Allocate;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Weights;

namespace Plume.Compression.Codecs;

/// <summary>
/// How an update becomes bytes: a line of stages, data flowing left to right, for example
/// <c>feedback | topk(1%) | uniform(4) | rans</c>. A value: it holds no memory and draws nothing at random by itself.
/// Of biases, normalizations and small tensors no value is dropped, and none has fewer than 8 bits (<see cref="Pipeline.CodecPlan"/>),
/// except by <c>deadzone</c>, <c>auto</c> and <c>secure</c>, whose steps are for all tensors.
/// </summary>
public sealed class Codec : IEquatable<Codec>
{
    readonly Stage[] stages;

    Codec(Stage[] stages)
    {
        this.stages = stages;
        Text = string.Join(" | ", stages.Select(stage => stage.ToString()));
        SubtractsReference = stages.Any(stage => stage is Delta);
        Selector = stages.OfType<SelectStage>().FirstOrDefault();
        Quantizer = stages.OfType<QuantizeStage>().FirstOrDefault();
        int select = Array.FindIndex(stages, stage => stage is SelectStage);
        Transforms = [.. stages.Where((stage, place) => select < 0 || place < select).OfType<TransformStage>()];
        RotatesKept = stages.OfType<TransformStage>().Count() > Transforms.Count;
    }

    /// <summary>Every value as the 32 bits that it is.</summary>
    public static Codec Floats { get; } = Parse("pack");

    /// <summary>The stages, left to right.</summary>
    public IReadOnlyList<Stage> Stages => stages;

    /// <summary>The codec in the notation, spaced the one way it prints.</summary>
    public string Text { get; }

    /// <summary>Whether a client must keep a residual between rounds.</summary>
    public bool Remembers => stages[0] is Feedback;

    /// <summary>Whether only the difference from a reference travels, which both ends hold.</summary>
    public bool SubtractsReference { get; }

    /// <summary>Whether both ends need a reference model: to subtract it, or to leave its zeros out.</summary>
    public bool UsesReference => SubtractsReference || Selector is { UsesReference: true };

    /// <summary>Whether some values are not sent at all.</summary>
    public bool Selects => Selector is not null;

    /// <summary>Whether the decoded update equals the update in the mean over the random key.</summary>
    public bool IsUnbiased => (Selector is null || (Selector.IsUnbiased && !Remembers))
        && stages.All(stage => stage is not Clip)
        && (Quantizer is null || (stages.Any(stage => stage is TransformStage { Mixes: true }) ? Quantizer.IsUnbiasedWhenRotated
        : Quantizer.IsUnbiased));

    /// <summary>Whether decoding gives back every bit.</summary>
    public bool IsLossless => !Selects && Quantizer is null && !stages.Any(stage => stage is TransformStage);

    /// <summary>
    /// The codec that codes, without loss, any sum of what this one decoded: where all its levels are multiples of one step
    /// that the line names. Null for other codecs.
    /// </summary>
    public Codec? ForSums =>
        SubtractsReference && !Selects && stages.All(stage => stage is not TransformStage or Delta)
            && Quantizer?.ForSums is { } exact
        ? new Codec([.. stages.Select(stage => stage == Quantizer ? exact : stage)])
        : null;

    /// <summary>The step whose multiples such a codec's levels are; 0 for others.</summary>
    public float SumStep => Quantizer?.SumStep ?? 0;

    /// <summary>
    /// Whether it gives back what it decoded once, by itself: multiples of a step that the line names, each value's nearest.
    /// </summary>
    public bool KeepsLevels => stages[0] is DeadZone { Rule: StepRule.Absolute, Exact: true };

    /// <summary>
    /// Whether payloads are words of which only a sum is to be read: then they add up, word by word, to a payload of the sum.
    /// </summary>
    public bool IsSecure => Coder is Secure;

    /// <summary>
    /// Whether a number is left open that only a round has: the step that its clients share, or how many they are.
    /// </summary>
    public bool NeedsRound => Coder is Secure { Senders: null } || Quantizer is Uniform { IsShared: true, SharedStep: null };

    /// <summary>The codec of a round that says the numbers which this one leaves open.</summary>
    /// <param name="step">The step that its clients share.</param>
    /// <param name="senders">Most clients that a sum has.</param>
    /// <param name="norm">Largest Euclidean norm of a client's levels; null leaves it as the line has it.</param>
    /// <param name="noise">Largest standard deviation of the noise in a sum, in levels; null leaves it as the line has
    /// it.</param>
    /// <exception cref="InvalidOperationException">The codec is not of sums of words.</exception>
    public Codec ForRound(float step, int senders, int? norm = null, int? noise = null)
    {
        if (!IsSecure || Quantizer is not Uniform { IsShared: true } quantizer)
            throw new InvalidOperationException($"Codec '{Text}' is not of sums of words: it leaves nothing open for a round.");
        return new Codec([.. stages.Select(stage => stage == quantizer
            ? Uniform.OfShared(quantizer.Bits, step, quantizer.Stochastic)
            : stage is Secure secure ? secure.ForRound(senders, norm, noise) : stage)]);
    }

    /// <summary>Whether the quantizer is <c>auto</c>, whose step a federation can say.</summary>
    public bool IsAuto => Quantizer is Auto;

    /// <summary>The step of <c>auto</c> where it is known how far clients' updates are apart.</summary>
    /// <param name="spread">The standard deviation of a value between updates.</param>
    /// <param name="updates">How many of them a mean is made of, where it is the mean that is encoded; 1 for an update.</param>
    /// <param name="factor">How many times coarser it is than what may be lost says; below 1 finer.</param>
    /// <param name="share">Of the clients, those that send an update in a round; with <c>feedback</c> it is coarser the more do.</param>
    /// <exception cref="InvalidOperationException">The codec has another quantizer.</exception>
    public float StepAt(double spread, int updates = 1, double factor = 1, double share = 0) => Quantizer is Auto auto
        ? SubtractsReference ? auto.StepOfModel(spread, updates, factor)
            : auto.StepOfUpdate(spread, Remembers ? share : 0, factor)
        : throw new InvalidOperationException($"Codec '{Text}' has no auto.");

    /// <summary>The codec with another norm in its last clip.</summary>
    /// <param name="norm">Above 0.</param>
    /// <exception cref="InvalidOperationException">The codec has no clip.</exception>
    public Codec WithClip(double norm)
    {
        var clip = stages.OfType<Clip>().LastOrDefault()
            ?? throw new InvalidOperationException($"Codec '{Text}' has no clip.");
        return new Codec([.. stages.Select(stage => ReferenceEquals(stage, clip) ? new Clip(norm) : stage)]);
    }

    internal SelectStage? Selector { get; }

    /// <summary>The transforms of all values, before any are left out.</summary>
    internal IReadOnlyList<TransformStage> Transforms { get; }

    /// <summary>Whether the values that a select kept are rotated.</summary>
    internal bool RotatesKept { get; }

    internal QuantizeStage? Quantizer { get; }

    /// <summary>What the step of all tensors is searched for, or null where nothing is searched for.</summary>
    internal StepTarget? Target => Quantizer switch
    {
        Auto auto => auto.TargetFor(isModel: SubtractsReference),
        DeadZone { Rule: StepRule.Nmse } zone => new StepTarget(BudgetUnit.Nmse, zone.Value),
        DeadZone { Rule: StepRule.Bits } zone => new StepTarget(BudgetUnit.BitsPerParameter, zone.Value),
        DeadZone { Rule: StepRule.Budget } => stages.OfType<Budget>().Single().Target,
        _ => null,
    };

    internal CodeStage Coder => (CodeStage)stages[^1];

    /// <summary>A codec of these stages, left to right, by the rules of the notation.</summary>
    /// <exception cref="FormatException">They break a rule.</exception>
    public static Codec Of(params IEnumerable<Stage> stages) => Parse(string.Join(" | ", stages));

    /// <summary>Reads a line of the notation.</summary>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column and what may stand there.</exception>
    public static Codec Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var stages = Notation.Parse(text);
        Secure.Check(stages, text);
        foreach (var stage in stages.OfType<QuantizeStage>())
            stage.CheckAfter(stages.OfType<SelectStage>().FirstOrDefault(), text);
        CheckBudget(stages, text);
        CheckTrellis(stages, text);
        if (stages.TakeWhile(stage => stage is not SelectStage).OfType<TransformStage>()
            .FirstOrDefault(stage => stage.Mixes) is { } mixing)
            stages.OfType<SelectStage>().FirstOrDefault()?.CheckAfter(mixing, text);
        foreach (var stage in stages.OfType<TransformStage>())
            stage.CheckBefore(stages.OfType<QuantizeStage>().FirstOrDefault(), text);
        if (stages[^1] is CodeStage { NeedsQuantizer: true } coder && !stages.OfType<QuantizeStage>().Any())
            throw Notation.Error(text, text.LastIndexOf(coder.Keyword, StringComparison.Ordinal) + 1,
                $"'{coder.Keyword}' codes small integers; put a quantizer such as uniform(8) before it");
        return new Codec([.. stages]);
    }

    static void CheckBudget(List<Stage> stages, string text)
    {
        bool open = stages.Exists(stage => stage is DeadZone { Rule: StepRule.Budget }),
            budget = stages.Exists(stage => stage is Budget);
        if (budget && !open)
            throw Notation.Error(text, text.IndexOf("budget", StringComparison.Ordinal) + 1,
                "'budget' finds the step of a deadzone that has no rule of its own; write budget(...) | deadzone");
        if (open && !budget)
            throw Notation.Error(text, text.IndexOf("deadzone", StringComparison.Ordinal) + 1,
                "deadzone needs a rule for its step, such as step=0.5, abs=0.001, nmse=0.05 or bpp=0.2, or a budget before it; or write auto");
    }

    static void CheckTrellis(List<Stage> stages, string text)
    {
        if (stages[^1] is not RangeCode && stages.Exists(stage => stage is DeadZone { Trellis: true }))
            throw Notation.Error(text, text.IndexOf("trellis", StringComparison.Ordinal) + 1,
                $"'trellis' chooses levels by what an adaptive coder takes for them; end the line with 'range' instead of "
                    + $"'{stages[^1].Keyword}', or leave 'trellis' out");
    }

    /// <summary>Floats of residual that one client keeps for a model: all of its values, or none.</summary>
    public int MemoryLength(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return Remembers ? layout.Length : 0;
    }

    /// <summary>The codec in the notation.</summary>
    public override string ToString() => Text;

    /// <summary>Equal when the stages are.</summary>
    public bool Equals(Codec? other) => other is not null && stages.SequenceEqual(other.stages);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Codec);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <summary>Whether two codecs have the same stages.</summary>
    public static bool operator ==(Codec? left, Codec? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two codecs differ in a stage.</summary>
    public static bool operator !=(Codec? left, Codec? right) => !(left == right);
}
