using Plume.Compression.Randomness;

namespace Plume.Federation.Selection;

/// <summary>Participants drawn uniformly, without replacement.</summary>
public static class UniformSelection
{
    /// <summary>A number of clients (all, if there are no more), in ascending order.</summary>
    public static int[] Select(int clients, int count, RandomKey key) => [.. Order(clients, key).Take(count).Order()];

    /// <summary>
    /// The same draw where each kind has its fewest; where chance left a kind short, its next ones are in it in the places of
    /// those that were drawn last of kinds that have more than their fewest.
    /// </summary>
    /// <param name="clients">How many there are.</param>
    /// <param name="count">How many are drawn.</param>
    /// <param name="key">Where the draw comes from.</param>
    /// <param name="kindOf">The kind of each client.</param>
    /// <param name="fewest">Of each kind, or all of a kind that has no more.</param>
    public static int[] Select(int clients, int count, RandomKey key, Func<int, int> kindOf, int fewest)
    {
        ArgumentNullException.ThrowIfNull(kindOf);
        int[] order = Order(clients, key);
        var drawn = order.Take(count).ToList();
        foreach (int kind in order.Select(kindOf).Distinct().Order())
        {
            int missing = fewest - drawn.Count(client => kindOf(client) == kind);
            foreach (int next in order.Skip(count).Where(client => kindOf(client) == kind).Take(Math.Max(0, missing)))
            {
                int spare = drawn.FindLastIndex(client =>
                    kindOf(client) is var own && own != kind && drawn.Count(other => kindOf(other) == own) > fewest);
                if (spare < 0)
                    break;
                drawn.RemoveAt(spare);
                drawn.Add(next);
            }
        }

        return [.. drawn.Order()];
    }

    internal static int[] Order(int clients, RandomKey key)
    {
        int[] all = [.. Enumerable.Range(0, clients)];
        new RandomDraws(key).Shuffle(all.AsSpan());
        return all;
    }
}
