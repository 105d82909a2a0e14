namespace Plume.Federation.Privacy;

/// <summary>
/// Each round is of a fixed number of clients, drawn in secret without replacement from all, and all that were drawn answer.
/// </summary>
/// <remarks>
/// Rényi privacy by <see cref="RenyiPrivacy.FixedSize"/>, which knows one client's data against another's: two clients' clips
/// apart, so half of the noise. Looked at by the whole orders to 64.
/// </remarks>
public sealed record FixedSizeSampling : Sampling
{
    const int MostOrder = 64;

    static readonly double[] Orders = [.. Enumerable.Range(2, MostOrder - 1).Select(order => (double)order)];

    /// <summary>So many of so many.</summary>
    /// <param name="clients">All clients.</param>
    /// <param name="participants">Those of a round.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not 1 to the number of clients.</exception>
    public FixedSizeSampling(int clients, int participants)
    {
        if (participants < 1 || participants > clients)
            throw new ArgumentOutOfRangeException(nameof(participants), participants,
                "The participants must be 1 to the number of clients.");
        (Clients, Participants) = (clients, participants);
    }

    /// <summary>All clients.</summary>
    public int Clients { get; }

    /// <summary>Those of a round.</summary>
    public int Participants { get; }

    /// <inheritdoc/>
    public override string Counts => "all rounds of the federation";

    /// <inheritdoc/>
    public override string Definition => "for any one client, whether its data are its own or another's";

    /// <inheritdoc/>
    public override string Assumption =>
        $"Each round is of {Participants} of {Clients} clients, drawn in secret and without replacement: all are there, all "
            + $"that are drawn answer, none more is asked.";

    private protected override double Account(double noise, int releases, double delta)
    {
        double[] privacy = RenyiPrivacy.FixedSize((double)Participants / Clients, noise / 2, MostOrder);
        return RenyiPrivacy.Epsilon(delta, order => releases * privacy[(int)order], Orders).Epsilon;
    }
}
