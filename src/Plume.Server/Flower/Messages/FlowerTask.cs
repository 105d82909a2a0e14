using Plume.Compression.Codecs;
using Plume.Federation.Learners;

namespace Plume.Server.Flower.Messages;

/// <summary>What a Flower client is asked to do in one round.</summary>
/// <param name="Round">The round, from 1.</param>
/// <param name="Attempt">The round's attempt, from 1.</param>
/// <param name="ModelVersion">The version to start from; the same version has the same values for every client.</param>
/// <param name="Model">The values of that version, in the order of the layout.</param>
/// <param name="Objective">What to minimize.</param>
/// <param name="Published">When the round opened.</param>
/// <param name="Deadline">When it closes.</param>
public sealed record FlowerTask(
    int Round,
    int Attempt,
    int ModelVersion,
    ReadOnlyMemory<float> Model,
    LocalObjective Objective,
    DateTimeOffset Published,
    DateTimeOffset Deadline);

/// <summary>A Flower client's update: trained minus received values.</summary>
/// <param name="Payload">The values, encoded with <see cref="Codec"/>; finite.</param>
/// <param name="Samples">How many samples the client says it was trained on; at least 1.</param>
/// <param name="Loss">The training loss, where the client's metrics have it as <c>loss</c> or <c>train_loss</c>.</param>
public sealed record FlowerUpdate(ReadOnlyMemory<byte> Payload, int Samples, double? Loss)
{
    /// <summary>
    /// The codec of <see cref="Payload"/>, whatever the federation's uplink is: whole floats, since a Flower client compresses
    /// nothing. It draws nothing at random, so that any key decodes it.
    /// </summary>
    public static Codec Codec { get; } = Codec.Floats;
}

/// <summary>How good a client found a model on its own data.</summary>
/// <param name="Samples">Samples it was measured on; at least 1.</param>
/// <param name="Loss">The loss, as the client defines it; finite.</param>
/// <param name="Accuracy">The share of right answers, where the client's metrics have it as <c>accuracy</c>.</param>
public sealed record FlowerMeasure(int Samples, double Loss, double? Accuracy);
