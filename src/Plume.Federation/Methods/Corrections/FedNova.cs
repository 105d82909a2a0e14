using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Corrections;

/// <summary>
/// Normalized averaging: each update is divided by the steps that it took before the mean is taken, and the mean multiplied by
/// the mean number of steps. A client with ten times the samples has its weight, but not ten steps of its own direction where
/// others have one.
/// </summary>
/// <remarks>
/// Server: its optimizer takes tau * sum of p_k * update_k / a_k, where tau is the sum of p_k * a_k, p_k a client's share of the
/// weights and a_k the steps that its gradients count for: K without momentum; more with it, fewer with a proximal term. Running
/// statistics take the plain mean. Bytes: those of averaging and one float up, two small numbers down that seldom change. Nobody
/// remembers anything. Updates travel divided by a_k / 2^e, where 2^e is published and fits the most steps that a client can
/// take: so codecs and the bound on norms see updates of the usual size, and a residual, which is in the same measure, fits the
/// next update of a client whose steps do not change. Differs from the paper: tau is at most 2^(e + 1), whatever clients say.
/// Source: Wang et al., "Tackling the Objective Inconsistency Problem in Heterogeneous Federated Optimization", NeurIPS 2020,
/// arXiv:2007.07481.
/// </remarks>
public sealed record FedNova : Method, INotatedMethod<FedNova>
{
    const string Steps = "steps";

    // What is published after the weights: e, and the exponent of the figure's unit.
    const int Numbers = 2;

    static string INotatedMethod<FedNova>.Keyword => "fednova";

    private protected override string Word => "fednova";

    static FedNova INotatedMethod<FedNova>.Parse(LineArguments arguments) => new();

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) =>
        new(new MessagePart(Weights, layout, downlink), Figure.Published(Steps, Numbers));

    /// <inheritdoc/>
    public override MessageShape Answer(ModelLayout layout, Codec uplink) =>
        new(new MessagePart(Update, layout, uplink), Figure.Answered(Steps));

    /// <inheritdoc/>
    public override void Begin(LearningPlan plan, ModelLayout layout, ReadOnlySpan<float> initial, Span<float> published)
    {
        ArgumentNullException.ThrowIfNull(plan);
        initial.CopyTo(published);
        var objective = plan.Objective;
        int most = objective.StepsFor(plan.SampleCap ?? 1);
        // A rate that falls later makes a proximal term count less.
        published[initial.Length] = (float)Math.Floor(Math.Log2(StepsOf(objective with { Proximal = 0 }, most)));
        published[initial.Length + 1] = Figure.FirstUnit(initial);
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        var layout = learner.Layout;
        var published = task.Received.Span[layout.Length..];
        var outcome = base.Work(learner, task with { Received = task.Received[..layout.Length] }, memory,
            message[..layout.Length], cancellation);
        if (!double.IsFinite(outcome.Loss))
            return outcome;
        double steps = Math.ScaleB(StepsOf(task.Objective, outcome.Steps), -(int)published[0]);
        ScaleLearned(layout, message, (float)(1 / steps));
        message[layout.Length] = Figure.In(published[1], steps - 1);
        return outcome;
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        int length = state.Layout.Length;
        var published = state.Published[length..];
        var change = round.Values[..length].ToArray();
        double norm = Math.Sqrt(Figure.SquaresOf(state.Layout, change));
        ScaleLearned(state.Layout, change, (float)Math.Clamp(1 + Figure.Of(published[1], round.Values[length]), 0, 2));
        state.Step(change);
        published[1] = Figure.UnitFor(2 * norm, published[1]);
    }

    /// <summary>
    /// The steps that a client's gradients count for: the sum of the weights with which each of them moved the model, over the
    /// rate.
    /// </summary>
    /// <param name="objective">How it trained.</param>
    /// <param name="steps">How many steps it took.</param>
    public static double StepsOf(LocalObjective objective, int steps)
    {
        ArgumentNullException.ThrowIfNull(objective);
        double moved = 0, velocity = 0, pull = objective.LearningRate * objective.Proximal;
        for (int step = 0; step < steps; step++)
        {
            velocity = objective.Momentum * velocity + (1 - pull * moved);
            moved += velocity;
        }

        return moved;
    }

    /// <inheritdoc/>
    public override string? Misfit(ILearner learner)
    {
        ArgumentNullException.ThrowIfNull(learner);
        return learner.TakesCorrections ? null
            : "The learner must say how many steps it took, which this one does not: use one that does (and takes "
                + "corrections), or train by 'averaging'.";
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Objective.Optimizer != LocalOptimizer.Sgd)
            yield return $"'{this}' counts the steps of sgd, with momentum or without; let the clients' optimizer be sgd, or "
                + $"train by 'averaging'.";
        if (plan.SampleCap is null)
            yield return $"'{this}' must know the most samples that a client may have, since nobody would believe any number "
                + $"of steps; give the plan a sample cap, or train by 'averaging'.";
        if (plan.Objective.LearningRate * plan.Objective.Proximal >= 1)
            yield return $"'{this}' needs a learning rate times proximal term below 1, but they are "
                + $"{plan.Objective.LearningRate} and {plan.Objective.Proximal}.";
    }
}
