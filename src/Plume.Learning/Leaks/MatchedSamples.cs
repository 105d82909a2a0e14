using Plume.Compression.Randomness;
using Plume.Learning.Data;

namespace Plume.Learning.Leaks;

/// <summary>
/// Samples of a client, and for each a sample of the same class that no client has: what classes a client holds then tells
/// nothing of which samples it holds.
/// </summary>
/// <param name="Members">Indices of the client's.</param>
/// <param name="Others">Indices of held-out samples: the i-th is of the class of the i-th member.</param>
public sealed record MatchedSamples(IReadOnlyList<int> Members, IReadOnlyList<int> Others)
{
    /// <summary>Draws pairs; where held-out samples of a class run out, its other members are left out.</summary>
    /// <param name="set">The client's samples are of it.</param>
    /// <param name="own">Indices of the client's samples.</param>
    /// <param name="heldOut">Samples that no client has.</param>
    /// <param name="most">The most pairs, 1 or more.</param>
    /// <param name="key">Where the draws come from.</param>
    public static MatchedSamples Draw(LabeledSet set, IReadOnlyList<int> own, LabeledSet heldOut, int most, RandomKey key)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(heldOut);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        int[] members = [.. own], all = [.. Enumerable.Range(0, heldOut.Count)];
        new RandomDraws(key.Fold("members")).Shuffle<int>(members);
        new RandomDraws(key.Fold("others")).Shuffle<int>(all);
        var free = all.GroupBy(sample => heldOut.Labels[sample]).ToDictionary(group => group.Key, group => new Queue<int>(group));
        var (kept, others) = (new List<int>(), new List<int>());
        foreach (int member in members.Where(_ => kept.Count < most))
        {
            if (!free.TryGetValue(set.Labels[member], out var queue) || !queue.TryDequeue(out int other))
                continue;
            kept.Add(member);
            others.Add(other);
        }

        return new MatchedSamples(kept, others);
    }
}
