using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Corrections;

/// <summary>
/// Corrects local training against drift: every step moves along its gradient plus the difference of the server's control c and
/// the client's own c_k, which estimate the gradients of all clients and of this one.
/// </summary>
/// <remarks>
/// Client: y -= rate * (g + c - c_k) for K steps; c_k becomes c_k - c + (x - y) / (K * rate). Server: its optimizer takes the
/// mean update, and c += (participants / clients) * mean change of the controls. Each client remembers a float a weight.
/// Bytes: twice those of averaging in both directions, before codecs.
/// Differs from the paper: means are weighted by samples as in averaging, so c estimates the gradient of the weighted objective,
/// and a client takes up the control that the server decoded, so that a codec's error does not part the two. It diverges on label
/// shards where few clients take part (Flower's niid_bench: 33.80 % against 78.10 with two labels a client).
/// Source: Karimireddy et al., "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning", ICML 2020, arXiv:1910.06378,
/// option II.
/// </remarks>
public sealed record Scaffold : Method, INotatedMethod<Scaffold>
{
    const string Control = "control";

    static string INotatedMethod<Scaffold>.Keyword => "scaffold";

    private protected override string Word => "scaffold";

    static Scaffold INotatedMethod<Scaffold>.Parse(LineArguments arguments) => new();

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) =>
        new(new MessagePart(Weights, layout, downlink), new MessagePart(Control, layout, downlink));

    /// <inheritdoc/>
    public override MessageShape Answer(ModelLayout layout, Codec uplink) =>
        new(new MessagePart(Update, layout, uplink), new MessagePart(Control, layout, uplink));

    /// <inheritdoc/>
    public override int ClientMemoryLength(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return layout.Length;
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        int length = learner.Layout.Length;
        var control = task.Received[length..];
        var correction = new float[length];
        TensorPrimitives.Subtract(control.Span, memory, correction);
        Span<float> update = message[..length], change = message[length..];
        var outcome = base.Work(learner, task with { Received = task.Received[..length], Correction = correction }, memory,
            update, cancellation);
        if (!double.IsFinite(outcome.Loss))
            return outcome;
        float steps = (float)(-1 / (outcome.Steps * task.Objective.LearningRate));
        foreach (var tensor in learner.Layout.Tensors)
        {
            var values = change.Slice(tensor.Offset, tensor.Length);
            if (tensor.Role == TensorRole.Statistic)
            {
                values.Clear();
                continue;
            }

            TensorPrimitives.Multiply(update.Slice(tensor.Offset, tensor.Length), steps, values);
            TensorPrimitives.Subtract(values, control.Span.Slice(tensor.Offset, tensor.Length), values);
        }

        return outcome;
    }

    /// <inheritdoc/>
    public override void Remember(ReadOnlySpan<float> message, Span<float> memory) =>
        TensorPrimitives.Add(memory, message[^memory.Length..], memory);

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        int length = state.Layout.Length;
        state.Step(round.Values[..length]);
        var control = state.Published[length..];
        float share = (float)round.Contributors / round.Clients;
        for (int i = 0; i < control.Length; i++)
            control[i] += share * round.Values[length + i];
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
            yield return $"'{this}' sends changes of a control beside updates, which neither feedback nor mask fits: a "
                + $"residual would be added to what has changed meanwhile. Use an uplink without them, such as 'rotate | "
                + $"uniform(4) | rans'.";
    }
}
