namespace Plume.Federation.Robustness;

/// <summary>
/// Each message becomes the mean of itself and those nearest to it, all but as many as may be hostile. Honest messages of clients
/// with different data come closer to one another, and a hostile one is mixed with honest ones.
/// </summary>
/// <remarks>
/// Source: Allouah et al., "Fixing by Mixing: A Recipe for Optimal Byzantine ML under Heterogeneity", AISTATS 2023,
/// arXiv:2302.01772. Work: the products of all pairs of messages.
/// </remarks>
/// <param name="Hostile">How many may be hostile.</param>
public sealed record NearestMixing(Hostile Hostile)
{
    /// <summary>The word that names it.</summary>
    public const string Keyword = "nearest";

    /// <summary>Why it cannot mix so few messages; null where it can.</summary>
    public string? Misfit(int messages) =>
        2 * Hostile.Of(messages) < messages ? null
            : $"mixes with all but {Hostile.Of(messages)} messages, a majority of the {messages} that a round may have";

    /// <summary>The factors of all messages in each mixed one, row after row.</summary>
    internal double[] FactorsOf(RowDistances distances)
    {
        int count = distances.Count, near = count - Hostile.Of(count);
        var factors = new double[count * count];
        for (int row = 0; row < count; row++)
        {
            foreach (int other in distances.NearestTo(row).Take(near - 1).Prepend(row))
                factors[row * count + other] = 1.0 / near;
        }

        return factors;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Keyword}({Hostile})";
}
