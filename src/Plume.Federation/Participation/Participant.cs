using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Federation.Learners;

namespace Plume.Federation.Participation;

/// <summary>What a participant sends, and what it will remember once the server has taken it.</summary>
/// <param name="Payload">The encoded update; empty where there is a problem.</param>
/// <param name="Outcome">Its samples and loss.</param>
/// <param name="Residual">What the codec dropped; empty where it remembers nothing.</param>
/// <param name="Problem">Why there is no payload; null where there is one.</param>
public sealed record EncodedUpdate(byte[] Payload, LocalOutcome Outcome, float[] Residual, string? Problem);

/// <summary>Trains and encodes: what a client does in a round, wherever it runs. One task at a time.</summary>
/// <param name="learner">Trains.</param>
/// <param name="uplink">Encodes.</param>
public sealed class Participant(ILearner learner, Codec uplink)
{
    readonly PayloadEncoder encoder = new(uplink, learner.Layout);
    readonly float[] update = new float[learner.Layout.Length];

    /// <summary>The update of the last task before feedback and codec; valid until the next.</summary>
    public ReadOnlySpan<float> Update => update;

    /// <summary>Does one task.</summary>
    /// <param name="task">What to do.</param>
    /// <param name="residual">What earlier rounds left behind; becomes what this one leaves. Keep the old one until the server has taken the update.</param>
    /// <param name="cancellation">Stops the training.</param>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    /// <exception cref="ArgumentException">The residual is not of the codec's length, or the received model not of the layout's.</exception>
    public EncodedUpdate Run(LocalTask task, float[] residual, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        var outcome = learner.Train(task, update, cancellation);
        if (!double.IsFinite(outcome.Loss))
            return new EncodedUpdate([], outcome, residual, $"Local training diverged: its loss is not finite. Lower the learning rate of {task.Objective.LearningRate}, or look for values in the client's data that are too large.");
        TensorPrimitives.Subtract(update, task.Received.Span, update);
        try
        {
            var payload = encoder.Encode(update, DrawKeys.Update(task.Key), residual, uplink.UsesReference ? task.Received : default);
            return new EncodedUpdate(payload.ToArray(), outcome, residual, null);
        }
        catch (NotFiniteException refusal)
        {
            // An update that is not finite cannot be encoded: the server is told instead of sent bytes.
            return new EncodedUpdate([], outcome, residual, refusal.Message.Split(" (Parameter '", 2)[0]);
        }
    }
}
