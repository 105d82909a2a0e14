using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Cli.Attacks;

/// <summary>How a server makes one update of a round's.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Rule">A rule; null for the mean.</param>
/// <param name="IsBounded">Whether updates are scaled to the bound on norms before.</param>
sealed record Defence(string Name, RobustRule? Rule, bool IsBounded)
{
    /// <summary>Neither rule nor bound.</summary>
    public const string Bare = "mean, no bound";

    const int RootSamples = 100;

    /// <summary>
    /// What is compared unless rules are named; under 'secure' by groups of three clients, as small as they may be.
    /// </summary>
    /// <param name="share">Clients that are hostile.</param>
    /// <param name="plan">The experiment's.</param>
    public static IEnumerable<string> Usual(Hostile share, FederationPlan plan)
    {
        string[] rules = ["median", $"trimmed({share})", $"krum({share})", $"multikrum({share})", "geomedian", "centered",
            $"nearest({share}) | trimmed({share})"];
        if (!plan.Uplink.IsSecure)
            return [Bare, RobustNotation.Mean, .. rules, $"{FlTrust.Keyword}(public=holdout({RootSamples}))"];
        int groups = plan.Participants / SumTerms.LeastMinimum;
        return [Bare, RobustNotation.Mean, .. rules.Prepend(RobustNotation.Mean)
            .Select(rule => $"{RobustNotation.Groups}({groups}) | {rule}")
            .Where(rule => groups > 1 && Parse(rule).In(plan).RuleMisfit is null)];
    }

    /// <summary>Reads a name of the table.</summary>
    /// <exception cref="FormatException">It is no rule.</exception>
    public static Defence Parse(string text) => text == Bare ? new Defence(text, null, IsBounded: false)
        : new Defence(text, RobustNotation.Parse(text), IsBounded: true);

    /// <summary>A plan that has it.</summary>
    public FederationPlan In(FederationPlan plan) => plan with
    {
        Rule = Rule,
        NormBound = IsBounded ? plan.NormBound ?? new NormBound(NormBound.DefaultFactor) : null,
        // Nobody drops out of an attack, so a higher quorum changes nothing.
        Quorum = Rule?.FewestGroups is { } fewest
            ? Math.Max(plan.Quorum, Math.Min(plan.Participants, fewest * SumTerms.LeastMinimum)) : plan.Quorum,
    };
}
