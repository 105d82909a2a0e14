using System.Globalization;
using Plume.Compression.Codecs;
using Plume.Federation.Privacy;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Cli.Leaks;

/// <summary>Who reads what travels.</summary>
enum Reader
{
    /// <summary>The server: each update, or under a secure sum their sum.</summary>
    Server,

    /// <summary>Whoever has the published models, as every client does: by how much one differs from before.</summary>
    Models,

    /// <summary>Nobody: random numbers in the update's place, into which an attack must read nothing.</summary>
    Nobody,
}

/// <summary>How updates travel, and who reads along.</summary>
/// <param name="Uplink">The codec.</param>
/// <param name="Privacy">The noise on the mean, which the server adds, or clients under a secure sum; null for none.</param>
/// <param name="Readers">Who, in the order of the rows.</param>
sealed record LeakLine(Codec Uplink, DifferentialPrivacy? Privacy, IReadOnlyList<Reader> Readers)
{
    /// <summary>The secure sum that is compared unless the experiment has one: as near to floats as 8 bits are.</summary>
    public const string Secure = "uniform(8, shared) | secure";

    /// <summary>What the table calls it.</summary>
    public string Name => Privacy is null ? $"{Uplink}"
        : string.Create(CultureInfo.InvariantCulture, $"{Uplink}, noise {Privacy.Noise}");

    /// <summary>What the table calls a reader.</summary>
    public string NameOf(Reader reader, int participants) => reader switch
    {
        Reader.Models => "whoever has the models",
        Reader.Nobody => "nobody: random numbers",
        _ when Uplink.IsSecure => $"the server: the sum of {participants}{(Privacy is null ? "" : ", noise in it")}",
        _ when Privacy is not null => "the server: each update, before the noise",
        _ => "the server: each update",
    };

    /// <summary>A plan by which updates travel so, and the rest is as it was.</summary>
    /// <param name="plan">The experiment's.</param>
    /// <param name="sampleCap">The samples of the client that has the most.</param>
    public FederationPlan In(FederationPlan plan, int sampleCap) => plan with
    {
        Uplink = Uplink,
        Privacy = Privacy,
        SampleCap = Privacy is null ? sampleCap : null,
        // Nobody sees a single update under a secure sum, nor may a rule choose among private ones.
        Rule = Uplink.IsSecure || Privacy is not null ? null : plan.Rule,
        Quorum = Uplink.IsSecure ? Math.Max(SumTerms.LeastMinimum, plan.Quorum) : plan.Quorum,
    };

    /// <summary>What is compared without being asked for: floats, the experiment's own line, and a secure sum.</summary>
    /// <param name="plan">The experiment's.</param>
    public static IEnumerable<LeakLine> Usual(FederationPlan plan)
    {
        bool isFloats = plan is { Privacy: null } && plan.Uplink.Equals(Codec.Floats);
        yield return new LeakLine(Codec.Floats, null, isFloats ? [Reader.Server, Reader.Models, Reader.Nobody]
            : [Reader.Server, Reader.Nobody]);
        if (!isFloats)
            yield return new LeakLine(plan.Uplink, plan.Privacy, [Reader.Server, Reader.Models]);
        if (plan.Privacy is not null)
            yield return new LeakLine(plan.Uplink, null, plan.Uplink.IsSecure ? [Reader.Server, Reader.Models] : [Reader.Models]);
        if (!plan.Uplink.IsSecure)
            yield return new LeakLine(Codec.Parse(Secure), null, [Reader.Server]);
    }
}
