using Plume.Compression.Codecs;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods;

/// <summary>
/// The part of a federation's rules that its method looks at: who learns what, for how long, and by which codecs.
/// </summary>
/// <param name="Clients">Number of clients; a client is a number from 0.</param>
/// <param name="Rounds">Rounds to run.</param>
/// <param name="Objective">What clients minimize.</param>
/// <param name="Uplink">The codec of updates.</param>
/// <param name="Downlink">The codec of models.</param>
public abstract record LearningPlan(int Clients, int Rounds, LocalObjective Objective, Codec Uplink, Codec Downlink)
{
    /// <summary>How the clients' learning rate goes over the rounds.</summary>
    public RateSchedule Schedule { get; init; } = RateSchedule.Constant;

    /// <summary>
    /// Most samples that an update can weigh, such as the most that any client is known to have: it weighs as many as it was made
    /// from, and one made from more weighs as one made from so many. Without it all updates weigh the same, since who knows of no
    /// bound would believe any number.
    /// </summary>
    public int? SampleCap { get; init; }

    /// <summary>What clients minimize in a round, from 1: by the rate that its schedule has there.</summary>
    public LocalObjective ObjectiveIn(int round) => Objective with
    {
        LearningRate = Objective.LearningRate * Schedule.FactorIn(round, Rounds),
    };
}
