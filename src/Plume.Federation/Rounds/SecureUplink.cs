using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Weights;
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
        if (plan.Rule is not null)
            yield return $"'{plan.Rule}' compares single updates, and under 'secure' nobody sees one: let the rule be the "
                + $"mean, whose size the bound on norms holds, or leave 'secure' out.";
        if (plan.Uplink.Stages.OfType<Uniform>().Any(stage => stage.Bits == 1) && !plan.Method.SendsBits)
            yield return $"'{plan.Uplink}' has the levels 0 and 1, by which bits are counted, and by '{plan.Method}' clients send values "
                + $"of both signs: write uniform(4, shared), or exchange 'masks'.";
        if (plan.MostContributors > Compression.Codecs.Code.Secure.MostSenders)
            yield return $"A secure sum is of {Compression.Codecs.Code.Secure.MostSenders} clients at most, but a round may "
                + $"ask {plan.MostContributors}.";
        if (plan.Method.Capacities.Count > 1)
            yield return $"By '{plan.Method}' clients of each capacity would need a secure sum of their own; use one capacity, "
                + $"or an uplink without 'secure'.";
    }

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
                + $"'averaging' (any server optimizer may follow) or prune(...) by magnitude, exchange 'masks' or 'adapters', or leave "
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
