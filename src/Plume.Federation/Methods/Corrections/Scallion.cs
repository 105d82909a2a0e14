using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Corrections;

/// <summary>
/// SCAFFOLD whose clients send one vector instead of two: what their own control changes by is also what the model moves by, so
/// that the uplink is half as large, and a lossy codec takes from both the same.
/// </summary>
/// <remarks>
/// Client: y -= rate * (g + c - c_k) for K steps; sends d = Share * ((x - y) / (K * rate) - c), and c_k += d. Server: its
/// optimizer takes -Unit * (c + mean d), and c += (participants / clients) * mean d. With a share of 1, floats and clients of K
/// steps it is SCAFFOLD. d travels times -Unit, as large as an update is: Unit, which is published, is the rate times the largest
/// power of two of steps that a client may take. A client of fewer steps so moves the model as one of that many; the server's
/// learning rate makes all move it less. Bytes: up those of averaging, down twice those. Each client remembers a float a weight.
/// Running statistics take the plain mean. Source: Huang, Li, Li, "Stochastic Controlled Averaging for Federated Learning with
/// Communication Compression", ICLR 2024, arXiv:2308.08165 (SCALLION). Differs from it: means are weighted by samples as in
/// averaging.
/// </remarks>
public sealed record Scallion : Method, INotatedMethod<Scallion>
{
    const string Control = "control";
    const string Unit = "unit";
    const double DefaultShare = 0.5;

    // It stays what it is from version 0 on.
    static readonly Codec Constant = Codec.Parse("delta | deadzone(abs=0.00000095367431640625) | range");

    /// <summary>SCAFFOLD by one vector.</summary>
    /// <param name="share">How far a control goes with a round, alpha in the paper, above 0 and at most 1: the less, the noisier
    /// the codec may be.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0 and at most 1.</exception>
    public Scallion(double share = DefaultShare) => Share = share > 0 && share <= 1
        ? share
        : throw new ArgumentOutOfRangeException(nameof(share), share, "It must be above 0 and at most 1.");

    /// <summary>How far a control goes with a round.</summary>
    public double Share { get; }

    static string INotatedMethod<Scallion>.Keyword => "scallion";

    private protected override string Word => "scallion";

    private protected override IEnumerable<string> Arguments => Share == DefaultShare ? []
        : [Share.ToString("R", CultureInfo.InvariantCulture)];

    static Scallion INotatedMethod<Scallion>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("share") is not { } argument)
            return new Scallion();
        double share = arguments.Number(argument, argument.Text);
        return share > 0 && share <= 1 ? new Scallion(share)
            : throw arguments.Error(argument.Column, $"'{argument.Text}' must be above 0 and at most 1");
    }

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) => new(
        new MessagePart(Weights, layout, downlink),
        new MessagePart(Control, layout, downlink),
        new MessagePart(Unit, ModelLayout.Of([(Unit, [1], TensorRole.Weight)]), Constant));

    /// <inheritdoc/>
    public override int ClientMemoryLength(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return layout.Length + 1;
    }

    /// <inheritdoc/>
    public override void Begin(LearningPlan plan, ModelLayout layout, ReadOnlySpan<float> initial, Span<float> published)
    {
        ArgumentNullException.ThrowIfNull(plan);
        initial.CopyTo(published);
        int most = plan.Objective.StepsFor(plan.SampleCap ?? 1);
        published[^1] = (float)(plan.Objective.LearningRate * Math.ScaleB(1, (int)Math.Log2(most)));
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        int length = learner.Layout.Length;
        var control = task.Received.Slice(length, length);
        float unit = task.Received.Span[^1];
        memory[length] = unit;
        var correction = new float[length];
        TensorPrimitives.Subtract(control.Span, memory[..length], correction);
        var outcome = base.Work(learner, task with { Received = task.Received[..length], Correction = correction }, memory,
            message, cancellation);
        if (!double.IsFinite(outcome.Loss))
            return outcome;
        float steps = (float)(Share * unit / (outcome.Steps * task.Objective.LearningRate)), back = (float)(Share * unit);
        foreach (var tensor in learner.Layout.Tensors.Where(tensor => tensor.Role != TensorRole.Statistic))
        {
            for (int i = tensor.Offset; i < tensor.Offset + tensor.Length; i++)
            {
                float moved = message[i] * steps;
                message[i] = moved + control.Span[i] * back;
            }
        }

        return outcome;
    }

    /// <inheritdoc/>
    public override void Remember(ReadOnlySpan<float> message, Span<float> memory)
    {
        float unit = memory[^1];
        for (int i = 0; i < message.Length; i++)
            memory[i] -= message[i] / unit;
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        int length = state.Layout.Length;
        var control = state.Published.Slice(length, length);
        float unit = state.Published[^1], share = (float)round.Contributors / round.Clients;
        var change = round.Values.ToArray();
        foreach (var tensor in state.Layout.Tensors.Where(tensor => tensor.Role != TensorRole.Statistic))
        {
            for (int i = tensor.Offset; i < tensor.Offset + tensor.Length; i++)
            {
                float along = unit * control[i], more = share * (round.Values[i] / unit);
                change[i] -= along;
                control[i] -= more;
            }
        }

        state.Step(change);
    }

    /// <inheritdoc/>
    public override string? Misfit(ILearner learner) => CorrectionsMissing(learner);

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        foreach (string missing in PlainStepsMissing(plan.Objective))
            yield return missing;
        if (plan.Uplink is { Remembers: true } or { UsesReference: true })
            yield return $"'{this}' sends changes of a control, which neither feedback nor mask fits: a residual would be "
                + $"added to what has changed meanwhile. Use an uplink without them, such as 'rotate | uniform(4) | rans'.";
        if (plan.Schedule != RateSchedule.Constant)
            yield return $"'{this}' moves the model by one rate in all rounds, so the schedule must be constant; with "
                + $"'{plan.Schedule}' train by 'scaffold'.";
        if (plan.SampleCap is null)
            yield return $"'{this}' must know the most samples that a client may have; give the plan a sample cap, or train by "
                + $"'scaffold'.";
    }
}
