using Plume.Learning.Leaks;

namespace Plume.Cli.Leaks;

/// <summary>A sample of a client, as an update of one round may give it away.</summary>
/// <param name="Round">The round.</param>
/// <param name="Client">The client.</param>
/// <param name="Sample">Its index among the training samples.</param>
readonly record struct SampleAt(int Round, int Client, int Sample);

/// <summary>What was read in place of a sample.</summary>
/// <param name="Match">How near it is.</param>
/// <param name="Values">Its values; null where nothing was read.</param>
readonly record struct Recovered(Nearest Match, float[]? Values);

/// <summary>What one reader recovers of what travels by one line.</summary>
/// <param name="Line">How updates travel.</param>
/// <param name="Reader">Who reads.</param>
/// <param name="ReaderName">What the table calls it.</param>
sealed record LeakRow(LeakLine Line, Reader Reader, string ReaderName)
{
    /// <summary>What the table calls the uplink: a dash where random numbers stand in an update's place.</summary>
    public string UplinkName => Reader == Reader.Nobody ? "-" : Line.Name;

    /// <summary>Whether samples can be told from others.</summary>
    public required MembershipFigures Membership { get; init; }

    /// <summary>What samples can be read; null where the attack does not fit the model.</summary>
    public ReconstructionFigures? Reconstruction { get; init; }

    /// <summary>The same of samples that nobody has.</summary>
    public ReconstructionFigures? OfOthers { get; init; }

    /// <summary>Bytes that a client sent for an update, all trips of a secure sum counted; the mean of the rounds.</summary>
    public double Bytes { get; init; }

    /// <summary>Each sample that was looked for.</summary>
    public IReadOnlyDictionary<SampleAt, Recovered> Samples { get; init; } = new Dictionary<SampleAt, Recovered>();
}
