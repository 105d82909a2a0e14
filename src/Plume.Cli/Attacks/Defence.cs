using Plume.Federation.Robustness;
using Plume.Federation.Rounds;

namespace Plume.Cli.Attacks;

/// <summary>How a server makes one update of a round's.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Rule">A rule; null for the mean.</param>
/// <param name="IsBounded">Whether updates are scaled to the bound on norms before.</param>
sealed record Defence(string Name, RobustRule? Rule, bool IsBounded)
{
    /// <summary>Neither rule nor bound.</summary>
    public const string Bare = "mean, no bound";

    /// <summary>What is compared unless rules are named.</summary>
    public static IEnumerable<string> Usual(Hostile share) =>
        [Bare, RobustNotation.Mean, "median", $"trimmed({share})", $"krum({share})", $"multikrum({share})", "geomedian",
            "centered", $"nearest({share}) | trimmed({share})"];

    /// <summary>Reads a name of the table.</summary>
    /// <exception cref="FormatException">It is no rule.</exception>
    public static Defence Parse(string text) => text == Bare ? new Defence(text, null, IsBounded: false)
        : new Defence(text, RobustNotation.Parse(text), IsBounded: true);

    /// <summary>A plan that has it.</summary>
    public FederationPlan In(FederationPlan plan) => plan with
    {
        Rule = Rule,
        NormBound = IsBounded ? plan.NormBound ?? new NormBound(NormBound.DefaultFactor) : null,
    };
}
