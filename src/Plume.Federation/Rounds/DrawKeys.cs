using Plume.Compression.Randomness;

namespace Plume.Federation.Rounds;

/// <summary>
/// Where each draw of a run comes from: one tree of keys under the run's seed, the same in a simulation and on a network.
/// </summary>
public static class DrawKeys
{
    /// <summary>Of one client's work in one attempt of a round.</summary>
    public static RandomKey Task(RandomKey run, RoundPart part) =>
        run.Fold("client").Fold((ulong)part.Round).Fold((ulong)part.Attempt).Fold((ulong)part.Client);

    /// <summary>
    /// Of what all clients draw alike in one attempt of a round, so that their messages can be added up in secret.
    /// </summary>
    public static RandomKey Shared(RandomKey run, RoundPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return run.Fold("shared").Fold((ulong)plan.Round).Fold((ulong)plan.Attempt);
    }

    /// <summary>Of the update that the server makes of samples of its own, to compare those of a round with.</summary>
    public static RandomKey Root(RandomKey run, int round) => run.Fold("root").Fold((ulong)round);

    /// <summary>Of the codec that encodes that work's update, on both ends.</summary>
    public static RandomKey Update(RandomKey task) => task.Fold("codec");

    /// <summary>Of the downlink; a version's own key is this folded by its number.</summary>
    public static RandomKey Downlink(RandomKey run) => run.Fold("broadcast");
}
