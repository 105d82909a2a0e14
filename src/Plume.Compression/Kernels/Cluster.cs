namespace Plume.Compression.Kernels;

/// <summary>Tensors that share a table.</summary>
sealed class Cluster
{
    Cluster(int[] counts, List<int> tensors, in TableAlphabet alphabet)
    {
        Counts = counts;
        Tensors = tensors;
        Cost = TableFit.Quick(counts, alphabet).Cost;
        CostPerToken = Cost / Math.Max(1, counts.Sum(count => (long)count));
    }

    public int[] Counts { get; }

    public List<int> Tensors { get; }

    /// <summary>The cheapest form of their table.</summary>
    public TableForm Form { get; private set; }

    long Cost { get; }

    long CostPerToken { get; }

    /// <summary>Joins neighbours, always the pair that saves most, until none saves anything.</summary>
    /// <param name="countsByTensor">Null for a tensor that has no tokens.</param>
    /// <param name="alphabet">The tokens.</param>
    public static List<Cluster> Join(int[]?[] countsByTensor, TableAlphabet alphabet)
    {
        var clusters = new List<Cluster>();
        for (int tensor = 0; tensor < countsByTensor.Length; tensor++)
        {
            if (countsByTensor[tensor] is { } counts)
                clusters.Add(new Cluster(counts, [tensor], alphabet));
        }

        clusters.Sort(static (left, right) => left.CostPerToken.CompareTo(right.CostPerToken) is not 0 and var order ? order : left.Tensors[0] - right.Tensors[0]);
        var joined = new List<Cluster>();
        for (int i = 0; i + 1 < clusters.Count; i++)
            joined.Add(Union(clusters[i], clusters[i + 1], alphabet));
        while (joined.Count > 0)
        {
            int best = 0;
            for (int i = 1; i < joined.Count; i++)
            {
                if (Saving(i) > Saving(best))
                    best = i;
            }

            if (Saving(best) < 0)
                break;
            clusters[best] = joined[best];
            clusters.RemoveAt(best + 1);
            joined.RemoveAt(best);
            if (best > 0)
                joined[best - 1] = Union(clusters[best - 1], clusters[best], alphabet);
            if (best < joined.Count)
                joined[best] = Union(clusters[best], clusters[best + 1], alphabet);
        }

        foreach (var cluster in clusters)
            cluster.Form = TableFit.Best(cluster.Counts, alphabet).Form;
        return clusters;

        long Saving(int i) => clusters[i].Cost + clusters[i + 1].Cost - joined[i].Cost;
    }

    static Cluster Union(Cluster left, Cluster right, in TableAlphabet alphabet)
    {
        var counts = new int[256];
        System.Numerics.Tensors.TensorPrimitives.Add<int>(left.Counts, right.Counts, counts);
        return new Cluster(counts, [.. left.Tensors, .. right.Tensors], alphabet);
    }
}
