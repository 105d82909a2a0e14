using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Weights;
using Plume.Federation.Robustness;
using Plume.Federation.SecureSums;

namespace Plume.Federation.Rounds;

/// <summary>What a plan whose uplink ends in <c>secure</c> must be, so that its sums can be had and say nothing more.</summary>
public static class SecureUplink
{
    /// <summary>Every rule of a secure sum that a plan breaks, in sentences; none where its uplink is another.</summary>
    public static IEnumerable<string> Problems(FederationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (!plan.Uplink.IsSecure)
            yield break;
        if (plan.Participants < SumTerms.LeastMinimum || plan.Fixed?.Any(list => list.Length < SumTerms.LeastMinimum) == true)
            yield return $"Under 'secure' a round must want {SumTerms.LeastMinimum} updates or more, since of two each client "
                + $"knows the other's, but it wants {plan.Participants}.";
        if (plan.Quorum < SumTerms.LeastMinimum)
            yield return $"Under 'secure' a round needs {SumTerms.LeastMinimum} updates or more, since of two each client knows the "
                + $"other's, but its quorum is {plan.Quorum}.";
        if (plan.Uplink.Stages.OfType<Uniform>().Any(stage => stage.Bits == 1) && plan.Method.CountedBits != 1)
            yield return $"'{plan.Uplink}' has the levels 0 and 1, by which bits are counted, and by '{plan.Method}' clients send values "
                + $"of both signs: write uniform(4, shared), or exchange 'masks'.";
        if (plan.MostContributors > Compression.Codecs.Code.Secure.MostSenders)
            yield return $"A secure sum is of {Compression.Codecs.Code.Secure.MostSenders} clients at most, but a round may "
                + $"ask {plan.MostContributors}.";
        int capacities = plan.Method.Capacities.Count, fewest = SumTerms.LeastMinimum * capacities;
        if (capacities > 1 && FewestAsked(plan) < fewest)
            yield return $"By '{plan.Method}' clients of each capacity have a secure sum of their own, of "
                + $"{SumTerms.LeastMinimum} or more: let a round ask {fewest} clients, have fewer capacities, or an uplink "
                + $"without 'secure'.";
    }

    // Why a rule does not go with how updates travel; null where it does.
    internal static string? RuleMisfit(FederationPlan plan, RobustRule rule)
    {
        const int least = SumTerms.LeastMinimum;
        int asked = FewestAsked(plan);
        if (!plan.Uplink.IsSecure)
            return $"'{rule}' compares sums of groups, which are for updates that nobody sees, and by '{plan.Uplink}' the server "
                + $"sees each: leave groups({rule.Groups}) out, or let the uplink end in 'secure'.";
        if (rule is FlTrust)
            return $"'{rule}' compares updates with the server's own, and under 'secure' nobody sees one: "
                + (WithGroups(new CenteredClipping(null, CenteredClipping.UsualSteps), asked) is { } groupwise
                    ? $"let it compare the sums of groups, '{groupwise}', or " : "")
                + "take 'secure' out of the uplink.";
        if (rule.Groups is not { } groups)
            return $"'{rule}' compares updates with one another, and under 'secure' nobody sees one: "
                + (WithGroups(rule, asked) is { } nearest ? $"let it compare the sums of groups, '{nearest}', or " : "")
                + $"take 'secure' out of the uplink.";
        if (asked < groups * least)
            return $"'{rule}' needs groups of {least} clients or more, since of two each knows the other's update, and {groups} "
                + $"groups of {asked} participants have {asked / groups}: let a round ask {groups * least}"
                + (WithGroups(rule, asked) is { } fewer ? $", or write '{fewer}'." : ".");
        if (rule.FewestGroups is not { } fewest)
            return $"'{rule}' {rule.Misfit(groups)}. Let there be more groups, or let the rule withstand fewer.";
        return plan.Quorum >= fewest * least ? null
            : $"'{rule}' needs {fewest} of its {groups} groups, each of {least} clients or more, but a round may have "
                + $"{plan.Quorum} clients, its quorum. Raise the quorum to {fewest * least}, or have fewer groups.";
    }

    // A sum of three is lost with one who vanishes, so a round that asks enough has four of each capacity.
    internal static int FewestOfCapacity(FederationPlan plan) =>
        Math.Clamp(plan.Participants / plan.Method.Capacities.Count, SumTerms.LeastMinimum, SumTerms.LeastMinimum + 1);

    static int FewestAsked(FederationPlan plan) =>
        Math.Min(plan.Participants, plan.Fixed?.Min(list => list.Length) ?? int.MaxValue);

    // The rule on as many groups of so many clients as it can have; of four and more, so that one of each may vanish, if it can.
    static RobustRule? WithGroups(RobustRule rule, int clients) =>
        (clients / 4, clients / SumTerms.LeastMinimum) is var (large, small) ? Enumerable.Range(2, Math.Max(0, small - 1))
            .OrderBy(groups => groups > large).ThenByDescending(groups => groups > large ? -groups : groups)
            .Select(groups => rule with { Groups = groups }).FirstOrDefault(fit => fit.FewestGroups is not null) : null;

    /// <summary>
    /// Why what clients send by the plan's method cannot be added up in secret; null where it can, or where the uplink is
    /// another.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="layout">The server's model.</param>
    public static string? Misfit(FederationPlan plan, ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(layout);
        if (!plan.Uplink.IsSecure)
            return null;
        var shape = plan.Answer(layout);
        if (shape.Parts.Count > 1 || !shape.Parts[0].Codec.IsSecure)
        {
            string parts = string.Join(", ", shape.Parts.Select(part => $"'{part.Name}' by '{part.Codec}'"));
            return $"By '{plan.Method}' clients send {parts}, and a secure sum is of one part with one step; train by "
                + $"'averaging' (any server optimizer may follow) or prune(...) by magnitude, exchange 'masks', 'adapters' or 'powersgd', or leave "
                + $"'secure' out.";
        }

        var unfit = shape.Parts[0].Layout.Tensors.FirstOrDefault(tensor => tensor.Role is TensorRole.Statistic
            or TensorRole.Step);
        return unfit?.Role switch
        {
            null => null,
            TensorRole.Step => $"Tensor '{unfit.Name}' is a step of a quantization, which one shared step would ruin; under "
                + $"'secure' leave quantize(...) out, and quantize what ships.",
            _ => $"Tensor '{unfit.Name}' is a running statistic, which one shared step would ruin; under 'secure' use a model "
                + $"without them, such as lenet, or keep those layers at home with personal(...).",
        };
    }
}
