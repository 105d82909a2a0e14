using Plume.Compression.Randomness;
using Plume.Learning.Leaks;

namespace Plume.Cli.Leaks;

/// <summary>An update that is attacked.</summary>
/// <param name="Round">Of which round.</param>
/// <param name="Client">Whose.</param>
/// <param name="Model">The model that it starts from.</param>
/// <param name="Update">What the server reads of it: the update, or the mean that it is in.</param>
/// <param name="Step">By how much the published model changed.</param>
sealed record LeakTarget(int Round, int Client, float[] Model, float[] Update, float[] Step)
{
    /// <summary>What a reader has of it.</summary>
    /// <param name="reader">Who reads.</param>
    /// <param name="key">Where random numbers come from.</param>
    public float[] SeenBy(Reader reader, RandomKey key)
    {
        switch (reader)
        {
            case Reader.Server:
                return Update;
            case Reader.Models:
                return Step;
            default:
                var draws = new RandomDraws(key.Fold("nobody").Fold((ulong)Round).Fold((ulong)Client));
                var numbers = new float[Update.Length];
                for (int i = 0; i < numbers.Length; i++)
                    numbers[i] = (float)draws.NextNormal();
                return numbers;
        }
    }
}

/// <summary>What a reader has recovered so far.</summary>
/// <param name="line">How updates travel.</param>
/// <param name="reader">Who reads.</param>
sealed class LeakView(LeakLine line, Reader reader)
{
    readonly List<MembershipTrial> memberships = [];
    readonly List<ReconstructionTrial> reconstructions = [];
    readonly Dictionary<SampleAt, Recovered> samples = [];
    readonly List<double> bytes = [];
    int contributors;

    /// <summary>Who reads.</summary>
    public Reader Reader => reader;

    /// <summary>Takes in how an update tells members from others.</summary>
    public void Add(MembershipTrial trial) => memberships.Add(trial);

    /// <summary>Takes in what was read off an update.</summary>
    /// <param name="trial">How near it is.</param>
    /// <param name="read">For each sample.</param>
    public void Add(ReconstructionTrial trial, IEnumerable<(SampleAt Place, Recovered Read)> read)
    {
        reconstructions.Add(trial);
        foreach (var (place, found) in read)
            samples[place] = found;
    }

    /// <summary>Takes in what a round cost.</summary>
    /// <param name="uplinkBytes">Of all.</param>
    /// <param name="updates">Updates that counted.</param>
    /// <param name="read">Clients whose updates, or whose sum, was read.</param>
    public void Count(long uplinkBytes, int updates, int read)
    {
        bytes.Add((double)uplinkBytes / Math.Max(1, updates));
        contributors = Math.Max(contributors, read);
    }

    /// <summary>All of it, in figures.</summary>
    public LeakRow ToRow() => new(line, reader, line.NameOf(reader, contributors))
    {
        Membership = MembershipFigures.Of(memberships),
        Reconstruction = reconstructions.Count > 0 ? ReconstructionFigures.OfMembers(reconstructions) : null,
        OfOthers = reconstructions.Count > 0 ? ReconstructionFigures.OfOthers(reconstructions) : null,
        Bytes = bytes.Average(),
        Samples = samples,
    };
}
