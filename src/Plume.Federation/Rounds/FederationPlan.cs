using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Budgets;
using Plume.Federation.Capacities;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Privacy;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds.Budgeting;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.Rounds.Selecting;
using Plume.Federation.Selection;

namespace Plume.Federation.Rounds;

/// <summary>The rules of one federation, fixed before its first round: what its method looks at, and how rounds go.</summary>
/// <param name="Clients">Number of clients; a client is a number from 0.</param>
/// <param name="Rounds">Rounds to run.</param>
/// <param name="Participants">Updates that a round wants; where rounds are buffered, clients that are at work at any
/// time.</param>
/// <param name="Objective">What clients minimize.</param>
/// <param name="Uplink">The codec of updates.</param>
/// <param name="Downlink">The codec of models.</param>
public sealed record FederationPlan(int Clients, int Rounds, int Participants, LocalObjective Objective, Codec Uplink,
    Codec Downlink)
    : LearningPlan(Clients, Rounds, Objective, Uplink, Downlink)
{
    // Noise that is kept; each takes two floats of an array.
    const long MostNoiseValues = 1_000_000_000;

    /// <summary>How the federation learns.</summary>
    public Method Method { get; init; } = new Averaging();

    /// <summary>Clients asked for each update wanted: 1.2 asks a fifth more, for those that will not answer.</summary>
    public double OverSelection { get; init; } = 1;

    /// <summary>Whom rounds draw in place of anybody: those that miss few versions; null where draws are uniform.</summary>
    public CheapSelection? Selection { get; init; }

    /// <summary>Clients that must have joined before the first round opens; later rounds need the quorum.</summary>
    public int StartWith { get; init; } = 1;

    /// <summary>Updates that a round needs at its deadline.</summary>
    public int Quorum { get; init; } = 1;

    /// <summary>Time that a round's participants have.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How large updates may be; null lets them have any size.</summary>
    public NormBound? NormBound { get; init; } = new(NormBound.DefaultFactor);

    /// <summary>How rounds go where nobody waits for the slowest; null where a round waits for the clients that it
    /// asked.</summary>
    public Buffered? Buffered { get; init; }

    /// <summary>What makes one of a round's messages where some clients may be hostile; null for their weighted mean.</summary>
    public RobustRule? Rule { get; init; }

    /// <summary>
    /// The privacy of clients; null where none is promised. With it the uplink's clip takes the place of <see cref="NormBound"/>.
    /// Under an uplink that ends in <c>secure</c> clients add the noise, whatever was said.
    /// </summary>
    public DifferentialPrivacy? Privacy
    {
        get => field is null || field.IsAtClients == Uplink.IsSecure ? field : field with { IsAtClients = Uplink.IsSecure };
        init;
    }

    /// <summary>The bytes that the federation may cost; null where nothing bounds them.</summary>
    public ByteBudget? Budget { get; init; }

    /// <summary>What a pressure of the budget makes of steps and rounds.</summary>
    internal StepFactors Steps => new((double)Quorum / Participants);

    /// <summary>
    /// The norm that no message counts for more than where <see cref="Privacy"/> is promised: that of the uplink's clip. Null
    /// where none is.
    /// </summary>
    public double? ClipNorm => Privacy is null ? null : Uplink.Stages.OfType<Clip>().LastOrDefault()?.Norm;

    /// <summary>
    /// How many times a round's usual norm a message may have before it counts as one of that: not above it at all where privacy
    /// needs a norm that none exceeds.
    /// </summary>
    public double NormFactor => Privacy is null ? NormBound?.Factor ?? 1 : 1;

    /// <summary>What a message of that norm is scaled by where a rule compares it: to the usual norm beyond the bound.</summary>
    internal double ScaleOf(double norm, RoundPlan round) =>
        round.UsualNorm is { } usual && norm > NormFactor * usual ? usual / norm : 1;

    /// <summary>Times that a round is tried with new participants before the federation gives up.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Who takes part in each round, from the first on, where that is fixed; the federation selects otherwise.</summary>
    public IReadOnlyList<int[]>? Fixed { get; init; }

    /// <summary>
    /// The models of clients of smaller capacities, the largest first; empty where all clients train the server's.
    /// </summary>
    public IReadOnlyList<CapacityModel> Smaller { get; init; } = [];

    /// <summary>The models of all capacities.</summary>
    /// <param name="layout">The server's model.</param>
    public CapacityModels ModelsOf(ModelLayout layout) => new(layout, Smaller);

    /// <summary>What is published, by the downlink's codec.</summary>
    public MessageShape Published(ModelLayout layout) => Method.Published(layout, Downlink);

    /// <summary>What a participant sends, by the uplink's codec.</summary>
    public MessageShape Answer(ModelLayout layout) => Method.Answer(layout, Uplink);

    /// <summary>The codec of a round's updates: the uplink's, with the round's clip where that follows their norms.</summary>
    /// <param name="round">The round.</param>
    public Codec UplinkIn(RoundPlan round)
    {
        ArgumentNullException.ThrowIfNull(round);
        return ClipIn(round) is { } norm ? Uplink.WithClip(norm) : Uplink;
    }

    /// <summary>The norm that a round's updates are clipped to, where it follows their norms; null elsewhere.</summary>
    /// <param name="round">The round.</param>
    public double? ClipIn(RoundPlan round)
    {
        ArgumentNullException.ThrowIfNull(round);
        return Privacy?.Clip is null ? null : round.UsualNorm;
    }

    /// <summary>
    /// The step of a round's updates, where the uplink's <c>auto</c> takes it from the round before, coarser or finer as a budget
    /// of bytes wants it; null elsewhere.
    /// </summary>
    /// <param name="round">The round.</param>
    public float? StepIn(RoundPlan round)
    {
        ArgumentNullException.ThrowIfNull(round);
        return Uplink.IsAuto && round.Spread is { } spread
            ? Uplink.StepAt(spread, factor: Steps.OfUplink(round.Pressure), share: (double)Participants / Clients) : null;
    }

    /// <summary>
    /// Whether it is looked at how far updates are apart: where uplink or downlink is <c>auto</c>, and messages are updates that
    /// the server sees.
    /// </summary>
    public bool FollowsSpread => (Uplink.IsAuto || Downlink.IsAuto) && Method.SendsUpdates && !Uplink.IsSecure && Privacy is null;

    /// <summary>Updates after which a round that asked so many clients waits for no more.</summary>
    public int WantedOf(int asked) => Fixed is null ? Math.Min(Participants, asked) : asked;

    /// <summary>Clients that must be there before a round opens.</summary>
    /// <param name="round">The round.</param>
    /// <param name="attempt">Its attempt.</param>
    public int NeededFor(int round, int attempt) => (round, attempt) == (1, 1) ? Math.Max(StartWith, Quorum) : Quorum;

    /// <summary>Clients that must be there before the round at hand opens.</summary>
    /// <param name="state">How the federation stands.</param>
    public int NeededIn(FederationState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Current.Round == state.Gathering ? NeededFor(1, state.Current.Attempt)
            : NeededFor(state.Current.Round, state.Current.Attempt);
    }

    /// <summary>Rounds to run: those of the plan, or more where an operator gave the federation more.</summary>
    /// <param name="state">How the federation stands.</param>
    public int RoundsIn(FederationState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Rounds ?? Rounds;
    }

    /// <summary>Most updates that one round can take in.</summary>
    public int MostContributors => Buffered?.Updates
        ?? Math.Max((int)Math.Ceiling(Participants * OverSelection), Fixed?.Max(list => list.Length) ?? 0);

    /// <summary>What an update weighs in the mean: its share of the largest weight that one can have.</summary>
    public double WeightOf(int samples) => SampleCap is { } cap && Method.WeighsSamples ? (double)Math.Min(samples, cap) / cap
        : 1;

    /// <summary>What an update weighs that may be stale.</summary>
    /// <param name="samples">That it was made from.</param>
    /// <param name="staleness">Versions made since its own; 0 where rounds are not buffered.</param>
    public double WeightOf(int samples, int staleness) => Buffered is null ? WeightOf(samples)
        : WeightOf(samples) * Buffered.WeightOf(staleness);

    /// <summary>
    /// What there is to say of an update that weighs less than its samples: the end of a sentence; null where there is nothing.
    /// </summary>
    public string? CapOn(int samples) => samples > SampleCap && Method.WeighsSamples
        ? $"weighs as one of {SampleCap} samples, the most that one can, and was made from {samples}." : null;

    /// <summary>
    /// What the sums of messages are divided by: their weights, those of each capacity added up, as if none were stale. So stale
    /// ones make a smaller step.
    /// </summary>
    /// <param name="samples">What each client's was made from, in the order of the clients.</param>
    public double[] WeightsByCapacity(IEnumerable<KeyValuePair<int, int>> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        double[] sums = new double[Method.Capacities.Count];
        foreach (var (client, count) in samples)
            sums[Method.CapacityOf(client)] += WeightOf(count);
        return sums;
    }

    /// <summary>Why the uplink's codec cannot code updates; null where it can.</summary>
    public string? UplinkMisfit => CodecRules.UplinkMisfit(Uplink);

    /// <summary>Why the downlink's codec cannot code models; null where it can.</summary>
    public string? DownlinkMisfit => CodecRules.DownlinkMisfit(Downlink);

    /// <summary>Why its rule against hostile clients cannot work; null where it can, or where there is none.</summary>
    public string? RuleMisfit => Rule is null ? null
        : Privacy is not null ? $"'{Rule}' chooses among messages, so that one client's decides what others' count, and the "
            + $"noise of privacy is for their mean: leave the rule out, since the clip bounds what a hostile client can do."
        : !Method.TakesRules ? $"'{Rule}' compares updates that count alike, and by '{Method}' messages are more than that. "
            + $"Let it be the mean, with the bound on norms, or train by averaging."
        : Uplink.IsSecure || Rule.Groups is not null ? SecureUplink.RuleMisfit(this, Rule)
        : Rule.Misfit(Quorum) is { } misfit ? $"'{Rule}' {misfit}, its quorum. Raise the quorum, or let the rule withstand fewer."
        : null;

    /// <summary>Every rule that the plan breaks, in sentences; empty for a plan that can be run.</summary>
    public IEnumerable<string> Problems()
    {
        if (Clients < 1)
            yield return $"A federation needs clients, but has {Clients}.";
        if (Rounds < 1)
            yield return $"A federation needs rounds, but has {Rounds}.";
        if (Participants < 1 || Participants > Clients)
            yield return $"The participants of a round must be 1 to {Clients}, the number of clients, but are {Participants}.";
        if (Quorum < 1 || Quorum > Participants)
            yield return $"The quorum must be 1 to {Participants}, the number of participants, but is {Quorum}.";
        if (StartWith < 1 || StartWith > Clients)
            yield return $"The clients to start with must be 1 to {Clients}, the number of clients, but are {StartWith}.";
        if (!(OverSelection >= 1 && OverSelection <= 10))
            yield return $"Over-selection must be 1 to 10 times the participants, but is {OverSelection}.";
        if (Deadline <= TimeSpan.Zero)
            yield return $"A round's deadline must be after its start, but is {Deadline}.";
        if (SampleCap < 1)
            yield return $"The sample cap must be at least 1, but is {SampleCap}.";
        if (NormBound is { Factor: var factor } && !(factor >= 1 && double.IsFinite(factor)))
            yield return $"The bound on an update's norm must be 1 or more times the usual one, but is {factor}.";
        if (RuleMisfit is { } noRule)
            yield return noRule;
        if (UplinkMisfit is { } wrongUp)
            yield return $"The uplink {wrongUp}";
        if (DownlinkMisfit is { } wrongDown)
            yield return $"The downlink {wrongDown}";
        if (Attempts < 1)
            yield return $"A round must be tried at least once, but is {Attempts} times.";
        if (Fixed is not null && Fixed.Count < Rounds)
            yield return $"Participants are fixed for {Fixed.Count} rounds, but {Rounds} rounds are to run.";
        if (Schedule.Misfit(Rounds) is { } misfit)
            yield return misfit;
        if (Smaller.Count != Method.Capacities.Count - 1)
            yield return $"'{Method}' has clients of {Method.Capacities.Count} capacities, so the plan needs "
                + $"{Method.Capacities.Count - 1} models smaller than the server's, but has {Smaller.Count}.";
        if (Objective is { BalancesClasses: true, Teaching: { } teaching })
            yield return $"Class weights are for a loss of labels alone, but clients also learn by '{teaching}'; leave one of them out.";
        foreach (string problem in Buffered?.Problems(this) ?? [])
            yield return problem;
        foreach (string problem in Method.Problems(this).Concat(SecureUplink.Problems(this)).Concat(PrivacyProblems())
            .Concat(BudgetProblems()).Concat(SelectionProblems()))
            yield return problem;
    }

    /// <summary>Every rule between the privacy and the rest of the plan that is broken, in sentences.</summary>
    public IEnumerable<string> PrivacyProblems() => PrivacyBudget.Problems(this);

    /// <summary>Every rule between the budget of bytes and the rest of the plan that is broken, in sentences.</summary>
    public IEnumerable<string> BudgetProblems() => Budgeting.BudgetProblems.Of(this);

    /// <summary>Every rule between the selection and the rest of the plan that is broken, in sentences.</summary>
    public IEnumerable<string> SelectionProblems() => CheapRules.Problems(this);

    /// <summary>Why a federation has ended before its last round by itself; null where it has not.</summary>
    /// <param name="state">How it stands.</param>
    public string? WhyEnded(FederationState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return PrivacyBudget.WhyEnded(this, state) ?? BudgetRules.WhyEnded(this, state);
    }

    /// <summary>Why privacy does not fit a model; null where it does.</summary>
    /// <param name="layout">The model's tensors.</param>
    public string? PrivacyMisfit(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (Privacy is null)
            return null;
        if (layout.Tensors.FirstOrDefault(tensor => tensor.Role == TensorRole.Statistic) is { } statistic)
            return $"The model has running statistics ('{statistic.Name}'), which noise would make useless, as a variance below "
                + "0: with privacy take a model without batch normalization.";
        long values = Answer(layout).Length, most = 1 + MostNoiseValues / Math.Max(1, values);
        return Privacy.Matrix is { Bands: var bands } && bands > most
            ? $"The noise of {bands} bands would take {8 * (bands - 1) * values / 1_000_000:N0} MB of the server's memory: take "
                + $"{most} bands or fewer."
            : null;
    }
}
