using Plume.Compression.Lines;
using Plume.Federation.Labels;

namespace Plume.Federation.Robustness;

/// <summary>
/// Trust begins with the server: it makes an update of its own, of a few samples that it may see (the root samples). Each message
/// is scaled to that update's norm and weighs by the cosine of the angle between the two, or not at all where that is below zero.
/// </summary>
/// <remarks>
/// The mean of the messages g by ReLU(cos(g, root)) * |root| / |g|, over the sum of the ReLUs. Where no message points the root's
/// way at all, nothing is made of the round. Withstands any number of hostile clients whose messages point away from where the
/// root samples lead, a majority included, and takes a message for what it says in that direction alone: so the root samples
/// must have all classes, and what hostile clients can still do is as much as the part of their messages that points along.
/// Source: Cao, Fang, Liu and Gong, "FLTrust: Byzantine-robust Federated Learning via Trust Bootstrapping", NDSS 2021,
/// arXiv:2012.13995.
/// </remarks>
/// <param name="Source">Where the root samples come from, in words for whoever loads them: <c>holdout(100)</c>.</param>
public sealed record FlTrust(string Source) : RobustRule
{
    /// <summary>The word that names it.</summary>
    public const string Keyword = "fltrust";

    /// <summary>The root samples; null until whoever has them says what they are.</summary>
    public PublicSet? Root { get; init; }

    internal override bool ComparesWithRoot => true;

    private protected override int FewestFor(int messages) => 1;

    internal override double[] Weigh(RowDistances distances)
    {
        int root = distances.Count - 1;
        double own = distances.Norm(root), all = 0;
        var factors = new double[distances.Count];
        for (int row = 0; row < root; row++)
        {
            double norm = distances.Norm(row);
            double trust = norm > 0 && own > 0 ? Math.Max(0, distances.Inner(row, root) / (norm * own)) : 0;
            all += trust;
            factors[row] = trust > 0 ? trust * own / norm : 0;
        }

        for (int row = 0; row < root && all > 0; row++)
            factors[row] /= all;
        return factors;
    }

    internal static FlTrust Read(LineArguments arguments) => arguments.Named("public") is { } source
        ? new FlTrust(source.Text) { Root = PublicSet.Read(arguments) }
        : throw arguments.Error("it needs samples that the server may see, such as public=holdout(100)");

    private protected override string Word => Root is null ? $"{Keyword}(public={Source})"
        : $"{Keyword}(public={Source}, {Root.Notation})";
}
