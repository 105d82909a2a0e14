using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Corrections;

/// <summary>
/// Client-level momentum: every local step follows its own gradient by a share only, and for the rest the direction in which all
/// clients moved the model in the last round. Clients drift apart less, and nobody remembers anything.
/// </summary>
/// <remarks>
/// Client: y -= rate * (Share * g + (1 - Share) * (x_before - x) / (rate * K)) for K steps, so that 1 - Share of the last round's
/// step is taken over whatever K is. Server: its optimizer takes the mean update; the direction is how far the model then moved,
/// and 0 at first. Bytes: up those of averaging; down the direction travels beside the weights, as its change since the last
/// round, which is small where rounds agree. Differs from the paper: a client that missed versions has not the model before the
/// newest one, so the direction is published rather than taken from two models at hand. Running statistics have no direction.
/// Source: Xu et al., "FedCM: Federated Learning with Client-level Momentum", 2021, arXiv:2106.10874; that it is averaging with
/// momentum that clients apply, Cheng et al., "Momentum Benefits Non-IID Federated Learning Simply and Provably", ICLR 2024,
/// arXiv:2306.16504.
/// </remarks>
public sealed record FedCm : Method, INotatedMethod<FedCm>
{
    const string Direction = "direction";
    const double DefaultShare = 0.1;

    /// <summary>Client-level momentum.</summary>
    /// <param name="share">The share of a step that is the client's own gradient, alpha in the paper, above 0 and below
    /// 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0 and below 1.</exception>
    public FedCm(double share = DefaultShare) => Share = share > 0 && share < 1
        ? share
        : throw new ArgumentOutOfRangeException(nameof(share), share, "It must be above 0 and below 1.");

    /// <summary>The share of a step that is the client's own gradient.</summary>
    public double Share { get; }

    static string INotatedMethod<FedCm>.Keyword => "fedcm";

    private protected override string Word => "fedcm";

    /// <inheritdoc/>
    public override bool TakesNoise => true;

    private protected override IEnumerable<string> Arguments => Share == DefaultShare ? []
        : [Share.ToString("R", CultureInfo.InvariantCulture)];

    static FedCm INotatedMethod<FedCm>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("share") is not { } argument)
            return new FedCm();
        double share = arguments.Number(argument, argument.Text);
        return share > 0 && share < 1 ? new FedCm(share)
            : throw arguments.Error(argument.Column,
                $"'{argument.Text}' must be above 0 and below 1; with a share of 1 it would be averaging");
    }

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) =>
        new(new MessagePart(Weights, layout, downlink), new MessagePart(Direction, layout, downlink));

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        int length = learner.Layout.Length, steps = learner.StepsFor(task);
        if (steps < 1)
            throw new InvalidOperationException(
                $"'{this}' must know a task's steps before it begins, but the learner says {steps}: use one that says them, or "
                    + $"train by 'averaging'.");
        double rate = Share * task.Objective.LearningRate;
        var correction = new float[length];
        TensorPrimitives.Multiply(task.Received.Span[length..], (float)(-(1 - Share) / (rate * steps)), correction);
        var own = task with
        {
            Received = task.Received[..length],
            Correction = correction,
            Objective = task.Objective with { LearningRate = rate },
        };
        return base.Work(learner, own, memory, message, cancellation);
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        var direction = state.Published[state.Layout.Length..];
        state.Weights.CopyTo(direction);
        state.Step(round.Values);
        TensorPrimitives.Subtract(state.Weights, direction, direction);
        foreach (var tensor in state.Layout.Tensors.Where(tensor => tensor.Role == TensorRole.Statistic))
            direction.Slice(tensor.Offset, tensor.Length).Clear();
    }

    /// <inheritdoc/>
    public override string? Misfit(ILearner learner) => CorrectionsMissing(learner);

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Objective.Optimizer != LocalOptimizer.Sgd || plan.Objective.Momentum > 0)
            yield return $"'{this}' gives clients the momentum of all, which another of their own would multiply: let their "
                + $"optimizer be sgd without momentum.";
        if (plan.Objective.Proximal > 0)
            yield return $"'{this}' moves clients away from the received model together; leave the proximal term of "
                + $"{plan.Objective.Proximal} out.";
    }
}
