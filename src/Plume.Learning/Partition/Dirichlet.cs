using System.Globalization;
using Plume.Compression.Randomness;
using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>
/// Each class is shared out in proportions drawn from a Dirichlet distribution: the smaller the concentration, the
/// fewer classes a client sees. A client that drew nothing is given one sample of the richest.
/// </summary>
/// <param name="Concentration">Alpha, above 0 and at most a million: 0.1 is harsh, 100 nearly even.</param>
/// <remarks>
/// Source: Hsu, Qi, Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated Visual
/// Classification", 2019, arXiv:1909.06335. Differs from it: shares are drawn for each class over the clients, so that
/// every sample is used.
/// </remarks>
public sealed record Dirichlet(double Concentration) : Partition
{
    internal const int MostConcentration = 1_000_000;

    /// <summary>Alpha.</summary>
    public double Concentration { get; } = Concentration is > 0 and <= MostConcentration
        ? Concentration
        : throw new ArgumentOutOfRangeException(nameof(Concentration), Concentration,
            $"Alpha must be above 0 and at most {MostConcentration}.");

    private protected override string Notation => string.Create(CultureInfo.InvariantCulture, $"dirichlet({Concentration})");

    /// <inheritdoc/>
    public override Allotment Deal(LabeledSet set, int clients, RandomKey key)
    {
        CheckClients(set, clients);
        CheckClasses(set);
        var parts = Enumerable.Range(0, clients).Select(_ => new List<int>()).ToArray();
        for (int label = 0; label < set.Classes; label++)
        {
            var draws = new RandomDraws(key.Fold((ulong)label));
            int[] members = [.. Enumerable.Range(0, set.Count).Where(index => set.Labels[index] == label)];
            draws.Shuffle(members.AsSpan());
            Share(members, Proportions(clients, ref draws), parts);
        }

        GiveToEmpty(parts);
        return new Allotment([.. parts.Select(part => part.ToArray())]);
    }

    double[] Proportions(int clients, ref RandomDraws draws)
    {
        var shares = new double[clients];
        foreach (ref double share in shares.AsSpan())
            share = Gamma(ref draws);
        double sum = shares.Sum();
        // At tiny concentrations all draws may underflow; then one client has the whole class, which is the limit.
        if (!(sum > 0))
            shares[draws.NextInt(clients)] = sum = 1;
        return Array.ConvertAll(shares, share => share / sum);
    }

    static void Share(int[] members, double[] proportions, List<int>[] parts)
    {
        double edge = 0;
        int start = 0;
        for (int client = 0; client < parts.Length; client++)
        {
            edge += proportions[client];
            int end = client == parts.Length - 1 ? members.Length
                : Math.Clamp((int)Math.Round(edge * members.Length), start, members.Length);
            parts[client].AddRange(members[start..end]);
            start = end;
        }
    }

    static void GiveToEmpty(List<int>[] parts)
    {
        foreach (var part in parts.Where(part => part.Count == 0))
        {
            var richest = parts.MaxBy(other => other.Count)!;
            part.Add(richest[^1]);
            richest.RemoveAt(richest.Count - 1);
        }
    }

    // Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", 2000; below 1 by the boost of its section 6.
    double Gamma(ref RandomDraws draws)
    {
        double boosted = Concentration < 1 ? Concentration + 1 : Concentration;
        double d = boosted - 1.0 / 3, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = draws.NextNormal(), v = Math.Pow(1 + c * x, 3);
            if (v <= 0 || Math.Log(1 - draws.NextDouble()) >= 0.5 * x * x + d - d * v + d * Math.Log(v))
                continue;
            return Concentration < 1 ? d * v * Math.Pow(1 - draws.NextDouble(), 1 / Concentration) : d * v;
        }
    }
}
