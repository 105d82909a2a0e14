using Plume.Compression.Lines;
using Plume.Federation.Capacities;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Exchanges;

/// <summary>
/// Weaker clients train smaller models: of each layer a share of its channels, cut out of the server's model. The first channels
/// (<c>leading</c>), or a window that moves on by a channel a round (<c>rolling</c>), so that every channel comes to be trained
/// by all.
/// </summary>
/// <remarks>
/// A layer of C channels has ceil(r C) of them at capacity r. Client k has capacity k modulo their number, the same on a network
/// as in a simulation: who asks for one gets a place that has it. The server's model is that of the largest capacity. Rolling,
/// the window of a round that starts from version v begins at channel v mod C.
/// Server: each value takes the mean of the updates that have it; values that nobody's update has stay.
/// Clients: scores of classes that a client has no sample of are left out of its loss. With <c>scaled</c>, a layer that lost
/// channels has its output multiplied by C / ceil(r C) in the client's model.
/// Bytes: those of the client's own model in both directions, about r^2 of the server's. Nobody remembers anything; a residual is
/// as long as the client's own model.
/// Differs from HeteroFL: outputs are scaled only where the line says so, since without a normalization behind it a scaled layer
/// takes steps as many times larger; means are weighted by samples as in averaging; rows of the last layer are averaged over all
/// clients, also those without the class; absent classes are left out by minus infinity, where the published code puts zeros;
/// models with running statistics are refused, where it measures them at the end. Differs from FedRolex: the window rolls as the
/// paper says, not as its code does. Sources: Diao, Ding, Tarokh, "HeteroFL: Computation and Communication Efficient Federated
/// Learning for Heterogeneous Clients", ICLR 2021, arXiv:2010.01264; Alam et al., "FedRolex: Model-Heterogeneous Federated
/// Learning with Rolling Sub-Model Extraction", NeurIPS 2022, arXiv:2212.01548.
/// </remarks>
public sealed record SubModels : Method, INotatedMethod<SubModels>
{
    const string Rolling = "rolling", Scaled = "scaled";

    /// <summary>Sub-models of these capacities.</summary>
    /// <param name="capacities">The largest first, each below the one before it.</param>
    /// <exception cref="ArgumentException">There are none, or they do not fall.</exception>
    public SubModels(params IReadOnlyList<Capacity> capacities)
    {
        ArgumentNullException.ThrowIfNull(capacities);
        if (capacities.Count == 0 || capacities.Zip(capacities.Skip(1)).Any(pair => !pair.Second.IsBelow(pair.First)))
            throw new ArgumentException(
                $"Capacities must be one or more, each below the one before it; found "
                    + $"{(capacities.Count == 0 ? "none" : string.Join(", ", capacities))}.", nameof(capacities));
        Capacities = [.. capacities];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Capacity> Capacities { get; }

    /// <summary>Whether the channels of smaller capacities move on from round to round.</summary>
    public bool IsRolling { get; init; }

    /// <summary>Whether what layers with fewer channels put out is multiplied to be as large as if they had all.</summary>
    public bool IsScaled { get; init; }

    static string INotatedMethod<SubModels>.Keyword => "submodels";

    private protected override string Word => "submodels";

    private protected override IEnumerable<string> Arguments
    {
        get
        {
            string options = string.Join(", ",
                new[] { (Is: IsRolling, Word: Rolling), (Is: IsScaled, Word: Scaled) }.Where(option => option.Is)
                    .Select(option => option.Word));
            return [.. Capacities.SkipLast(1).Select(capacity => capacity.ToString()), options.Length == 0
                ? Capacities[^1].ToString() : $"{Capacities[^1]}; {options}"];
        }
    }

    // Behind the last capacity may stand a semicolon, and behind that options.
    static SubModels INotatedMethod<SubModels>.Parse(LineArguments arguments)
    {
        var capacities = new List<Capacity>();
        var options = new List<string>();
        while (arguments.Positional("capacities, the largest first") is { } argument)
        {
            string[] pieces = argument.Text.Split(';', 2);
            if (options.Count > 0)
                options.Add(Option(arguments, argument, argument.Text, options));
            else
                capacities.Add(Next(arguments, argument, pieces[0].Trim(), capacities));
            if (options.Count == 0 && pieces.Length > 1)
                options.Add(Option(arguments, argument, pieces[1].Trim(), options));
        }

        return capacities.Count > 0
            ? new SubModels(capacities) { IsRolling = options.Contains(Rolling), IsScaled = options.Contains(Scaled) }
            : throw arguments.Error("submodels needs the capacities that clients have, such as submodels(1, 1/2, 1/4)");
    }

    static Capacity Next(LineArguments arguments, LineArgument argument, string text, List<Capacity> before)
    {
        var capacity = Capacity.TryParse(text)
            ?? throw arguments.Error(argument.Column, $"'{text}' must be 1 or a fraction above 0 and below it, such as 1/4");
        return before.Count == 0 || capacity.IsBelow(before[^1])
            ? capacity
            : throw arguments.Error(argument.Column,
                $"'{capacity}' must be below '{before[^1]}', the capacity before it: each stands once, the largest first");
    }

    static string Option(LineArguments arguments, LineArgument argument, string text, List<string> before) =>
        text is Rolling or Scaled && !before.Contains(text)
        ? text
        : throw arguments.Error(argument.Column,
            $"'{text}' must be {Rolling} or {Scaled}, which may stand behind ';', each once");

    /// <inheritdoc/>
    public override int CapacityOf(int client) => client % Capacities.Count;

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        return base.Work(learner, task with { LeavesAbsentOut = true }, memory, message, cancellation);
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round) => state.Step(round.Values, round.Cover);

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Clients < Capacities.Count)
            yield return $"'{this}' has {Capacities.Count} capacities, of which each needs a client, but there are "
                + $"{plan.Clients}: leave the smallest out, or have more clients.";
        if (!IsRolling)
            yield break;
        if (plan.Downlink is { UsesReference: true } downlink)
            yield return $"'{this}' sends other channels every round, of which a client has no earlier version, so the "
                + $"downlink '{downlink}' cannot send changes: use one without delta, such as 'uniform(8) | rans', or leave "
                + $"'{Rolling}' out.";
        if (plan.Uplink is { Remembers: true } uplink)
            yield return $"'{this}' trains other channels every round, so the feedback of '{uplink}' would add what was left "
                + $"of others: use an uplink without it, such as 'rotate | uniform(4) | rans', or leave '{Rolling}' out.";
    }

    /// <inheritdoc/>
    public bool Equals(SubModels? other) =>
        other is not null && IsRolling == other.IsRolling && IsScaled == other.IsScaled
            && Capacities.SequenceEqual(other.Capacities);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsRolling, IsScaled, Capacities.Count, Capacities[^1]);
}
