using Plume.Compression.Randomness;
using Plume.Federation.Labels;

namespace Plume.Federation.Learners;

/// <summary>
/// A learner whose clients each have a model of their own, kept in <see cref="LocalTask.Memory"/>, of which only predictions on a
/// public set leave them.
/// </summary>
public interface IPredictor
{
    /// <summary>The public set that it has.</summary>
    PublicSet Public { get; }

    /// <summary>Lets a client's model learn what all said and what its own samples say, and predict.</summary>
    /// <param name="task">What to do; nothing is received but the labels.</param>
    /// <param name="taught">Labels to learn from; none before there were any.</param>
    /// <param name="asked">The public samples to predict.</param>
    /// <param name="shares">Receives a distribution over the classes for each.</param>
    /// <param name="cancellation">Stops the work early; nothing of it is kept.</param>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    LocalOutcome Predict(LocalTask task, PublicLabels taught, ReadOnlySpan<int> asked, Span<float> shares,
        CancellationToken cancellation);
}

/// <summary>
/// A model that the server has for itself and teaches on a public set. The same weights, labels and key give the same bits.
/// </summary>
public interface IStudent
{
    /// <summary>Trains it.</summary>
    /// <param name="weights">Where it stands; becomes where it then is.</param>
    /// <param name="taught">Labels to learn from.</param>
    /// <param name="objective">How; the labels are what is minimized.</param>
    /// <param name="key">Where every random draw comes from.</param>
    void Learn(Span<float> weights, PublicLabels taught, LocalObjective objective, RandomKey key);

    /// <summary>What it says of some samples.</summary>
    /// <param name="weights">Where it stands.</param>
    /// <param name="samples">Which samples.</param>
    /// <param name="shares">Receives a distribution over the classes for each.</param>
    void Predict(ReadOnlySpan<float> weights, ReadOnlySpan<int> samples, Span<float> shares);
}
