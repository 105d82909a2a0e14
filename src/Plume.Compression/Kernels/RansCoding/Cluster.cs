using System.Numerics.Tensors;

namespace Plume.Compression.Kernels.RansCoding;

/// <summary>Parts that share a table.</summary>
sealed class Cluster(int[] counts, List<RansPart> parts)
{
    public int[] Counts { get; } = counts;

    public List<RansPart> Parts { get; } = parts;

    /// <summary>The cheapest form of their table.</summary>
    public TableForm Form { get; private set; }

    long Cost { get; set; }

    long CostPerToken { get; set; }

    public void Add(RansPart part, ReadOnlySpan<int> tokens)
    {
        TensorPrimitives.Add(Counts, tokens, Counts);
        Parts.Add(part);
    }

    /// <summary>Joins neighbours, always the pair that saves most, until none saves anything.</summary>
    public static List<Cluster> Join(List<Cluster> clusters, TableAlphabet alphabet)
    {
        // Equally costly ones stay in the order of their first parts: the sort is stable.
        clusters.ForEach(cluster => cluster.Estimate(alphabet));
        clusters = [.. clusters.OrderBy(static cluster => cluster.CostPerToken)];
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

        clusters.ForEach(cluster => cluster.Form = TableFit.Best(cluster.Counts, alphabet).Form);
        return clusters;

        long Saving(int i) => clusters[i].Cost + clusters[i + 1].Cost - joined[i].Cost;
    }

    void Estimate(in TableAlphabet alphabet)
    {
        Cost = TableFit.Quick(Counts, alphabet).Cost;
        long tokens = 0;
        foreach (int count in Counts)
            tokens += count;
        CostPerToken = Cost / Math.Max(1, tokens);
    }

    static Cluster Union(Cluster left, Cluster right, in TableAlphabet alphabet)
    {
        var sum = new int[left.Counts.Length];
        TensorPrimitives.Add<int>(left.Counts, right.Counts, sum);
        var union = new Cluster(sum, [.. left.Parts, .. right.Parts]);
        union.Estimate(alphabet);
        return union;
    }
}
