using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Partial;

/// <summary>
/// A method in which some of the weights are dead: zero, and not trained. One mask for all, which is published with the weights.
/// </summary>
/// <remarks>
/// Bytes: updates of live weights alone, whose positions both ends know (<c>mask</c> is put before the uplink's quantizer, unless
/// it selects, rotates or sends products already); down the weights, and the mask's changes, next to nothing where there are
/// none.
/// </remarks>
public abstract record MaskedMethod : Method
{
    /// <inheritdoc/>
    public override MessageShape Answer(ModelLayout layout, Codec uplink) => base.Answer(layout, KnownPlaces.Alone(uplink));

    /// <inheritdoc/>
    public override void Begin(ReadOnlySpan<float> initial, Span<float> published)
    {
        base.Begin(initial, published);
        published[initial.Length..].Fill(1);
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<float> Model(ModelLayout layout, ReadOnlyMemory<float> published)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return Masked(published.Span, LiveIn(layout, published.Span));
    }

    /// <summary>1 for what lives, 0 for what does not.</summary>
    public override ReadOnlyMemory<float> Reference(ModelLayout layout, ReadOnlyMemory<float> published)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return LiveIn(layout, published.Span);
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        float[] live = LiveIn(learner.Layout, task.Received.Span);
        var outcome = base.Work(learner, task with { Received = Masked(task.Received.Span, live), Live = live }, memory, message,
            cancellation);
        TensorPrimitives.Multiply(message, live, message);
        return outcome;
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        float[] before = state.Weights.ToArray();
        state.Step(round.Values[..state.Layout.Length]);
        Prune(state, round);
        // What is dead counts as zero whatever its value is, and a change of that would travel.
        float[] live = LiveIn(state.Layout, state.Published);
        for (int i = 0; i < live.Length; i++)
        {
            if (live[i] == 0)
                state.Weights[i] = before[i];
        }
    }

    /// <summary>Takes from what lives what goes after a round, where something does.</summary>
    private protected abstract void Prune(ServerState state, RoundMean round);

    /// <summary>For each value of the layout whether it lives: 1 or 0.</summary>
    private protected abstract float[] LiveIn(ModelLayout layout, ReadOnlySpan<float> published);

    /// <summary>The weights with zeros for what is dead.</summary>
    private protected static float[] Masked(ReadOnlySpan<float> published, float[] live)
    {
        var model = new float[live.Length];
        TensorPrimitives.Multiply(published[..live.Length], live, model);
        return model;
    }
}
