namespace Plume.Federation.SecureSums.Graph;

/// <summary>How many neighbours each client has, and how many holders of shares give a secret.</summary>
/// <param name="Degree">Neighbours.</param>
/// <param name="Threshold">Holders.</param>
/// <remarks>
/// Up to <see cref="LargestComplete"/> clients all are neighbours and hold their own shares, too, and more than two thirds give a
/// secret: fewer than a third can then get nothing even if the server tells different clients different things, and up to three
/// in ten may vanish. Beyond, the smallest even degree k with a threshold t such that, of n clients of which some collude and
/// some vanish, but for a chance of 2^-40 nobody has 2t - k or more neighbours that collude, or none but such as collude or
/// vanish; and but for 2^-20 nobody has fewer than t that stay (all n counted). Source: Bell et al., "Secure Single-Server
/// Aggregation with (Poly)Logarithmic Overhead", CCS 2020, eprint 2020/704; the numbers are those of Google's federated-compute
/// for a server that lies about who is alive.
/// </remarks>
public readonly record struct GraphSize(int Degree, int Threshold)
{
    /// <summary>Most clients of which all are neighbours.</summary>
    public const int LargestComplete = 32;

    /// <summary>Share of the clients that may collude with the server.</summary>
    public const double Colluding = 0.05;

    /// <summary>Most of the clients that may vanish.</summary>
    public const double MostDropOut = 0.4;

    static readonly double Secure = Math.ScaleB(1, -40);
    static readonly double Correct = Math.ScaleB(1, -20);

    /// <summary>The size for a number of clients of which a share may vanish.</summary>
    public static GraphSize Of(int clients, double dropOut) => clients <= LargestComplete ? Complete(clients)
        : Sparse(clients, Colluding, dropOut) ?? Complete(clients);

    /// <summary>The smallest sparse graph; null where none will do.</summary>
    /// <param name="clients">All.</param>
    /// <param name="colluding">Share of those that collude.</param>
    /// <param name="dropOut">Share of those that may vanish.</param>
    public static GraphSize? Sparse(int clients, double colluding, double dropOut)
    {
        int bad = (int)(clients * colluding), lost = (int)(clients * dropOut), others = clients - 1;
        var draws = new NeighbourDraws(others);
        for (int degree = 2; degree < clients; degree += 2)
        {
            if (clients * draws.AtLeast(degree, Math.Min(others, bad + lost), degree) > Secure)
                continue;
            int threshold = LeastThreshold(draws, clients, bad, degree);
            if (threshold <= degree && clients * draws.AtLeast(degree - threshold + 1, lost, degree) <= Correct)
                return new GraphSize(degree, threshold);
        }

        return null;
    }

    // Two thirds and one: whoever is told that a client is alive and whoever is told that it is not cannot both be so many.
    static GraphSize Complete(int clients) => new(clients - 1, 2 * clients / 3 + 1);

    static int LeastThreshold(NeighbourDraws draws, int clients, int colluding, int degree)
    {
        int low = degree / 2 + 1, high = degree + 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = clients * draws.AtLeast(2 * middle - degree, colluding, degree) <= Secure ? (low, middle)
                : (middle + 1, high);
        }

        return Math.Max(2, low);
    }
}

/// <summary>How many neighbours are of one kind, where they are drawn from all others without replacement.</summary>
sealed class NeighbourDraws(int others)
{
    readonly double[] logFactorials = LogFactorials(others);

    /// <summary>The chance of that many or more.</summary>
    /// <param name="least">So many.</param>
    /// <param name="ofKind">Others of the kind.</param>
    /// <param name="drawn">Neighbours.</param>
    public double AtLeast(int least, int ofKind, int drawn)
    {
        double chance = 0;
        for (int count = Math.Max(least, Math.Max(0, drawn - (others - ofKind))); count <= Math.Min(ofKind, drawn); count++)
            chance += Math.Exp(LogChoose(ofKind, count) + LogChoose(others - ofKind, drawn - count) - LogChoose(others, drawn));
        return chance;
    }

    double LogChoose(int all, int some) => logFactorials[all] - logFactorials[some] - logFactorials[all - some];

    static double[] LogFactorials(int most)
    {
        var logs = new double[most + 1];
        for (int i = 1; i <= most; i++)
            logs[i] = logs[i - 1] + Math.Log(i);
        return logs;
    }
}
