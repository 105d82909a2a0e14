using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Weights;
using Plume.Federation.Privacy;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Federation.SecureRounds;

/// <summary>What a client of a secure sum with noise keeps to, and how much noise it adds: in levels, which are whole
/// numbers.</summary>
/// <remarks>
/// The norm is that of the uplink's clip. All contributors but one of the fewest that a sum may have add the noise that is
/// promised together, since each knows its own; more of them add more. Clients refuse to unmask a sum of fewer.
/// </remarks>
/// <param name="Norm">The largest Euclidean norm of a client's levels.</param>
/// <param name="Variance">Of the noise that it adds to each level.</param>
/// <param name="Deviation">Standard deviation of the noise in a sum of all who are asked, rounded up.</param>
sealed record NoiseShare(int Norm, double Variance, int Deviation)
{
    /// <summary>What a task comes to; null where its clients add no noise.</summary>
    /// <exception cref="ArgumentException">No noise can be added by such a task.</exception>
    public static NoiseShare? Of(SecureTask task, Codec uplink)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(uplink);
        if (task.Noise is not { } noise)
            return null;
        double norm = NormOf(uplink, task.Step);
        double spread = SpreadOf(noise * norm, task.Participants.Count, task.Quorum);
        if (!(norm >= ClientNoise.LeastNorm && norm <= Secure.MostNorm && noise > 0 && spread <= Secure.MostNoise))
            throw new ArgumentException(
                $"Noise of {noise} times a norm of {norm} levels cannot be added: the norm must be {ClientNoise.LeastNorm} or more, "
                    + $"and the noise in a sum, {spread:0.#}, above 0 and at most {Secure.MostNoise}.", nameof(task));
        return new NoiseShare((int)norm, noise * noise * norm * norm / (MinimumOf(task.Quorum) - 1),
            Math.Max(1, (int)Math.Ceiling(spread)));
    }

    /// <summary>Fewest contributors that a client adds to a sum of.</summary>
    /// <param name="quorum">Updates that the round needs.</param>
    public static int MinimumOf(int quorum) => Math.Max(SumTerms.LeastMinimum, quorum);

    /// <summary>The step of a plan whose clients add noise, in all of its rounds: it depends on nobody's data.</summary>
    /// <param name="plan">The plan, with a clip in its uplink.</param>
    /// <param name="layout">The server's model.</param>
    public static float StepOf(FederationPlan plan, ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(layout);
        return StepOf(plan, layout, SharedStep.QuantizerOf(plan.Uplink).Bits);
    }

    /// <summary>Why noise does not fit a plan's uplink and model; null where it does, or where clients add none.</summary>
    /// <param name="plan">A plan without problems.</param>
    /// <param name="layout">The server's model.</param>
    public static string? Misfit(FederationPlan plan, ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(layout);
        if (plan.Privacy is not { IsAtClients: true, Noise: var noise } || plan.ClipNorm is null)
            return null;
        int bits = SharedStep.QuantizerOf(plan.Uplink).Bits;
        if (NormAt(bits) is var norm && norm < ClientNoise.LeastNorm)
            return $"Of {bits} bits the levels of one update have a norm of {norm} at most, and noise on whole numbers is accounted "
                + $"for from {ClientNoise.LeastNorm} up: write uniform({Enumerable.Range(bits, 17 - bits).FirstOrDefault(
                    more => NormAt(more) >= ClientNoise.LeastNorm, 16)}, shared).";
        double spread = SpreadOf(noise * norm, plan.MostContributors, plan.Quorum);
        return spread <= Secure.MostNoise ? null
            : $"Noise of {noise} has a deviation of {spread:0} levels in a sum, and a word holds {Secure.MostNoise} at most: write "
                + $"uniform(8, shared), from which noise takes nothing.";

        double NormAt(int width) => NormOf(plan.Uplink, StepOf(plan, layout, width));
    }

    // In a sum of so many, of whom all but one of the fewest have the deviation that is promised.
    static double SpreadOf(double promised, int contributors, int quorum) =>
        promised * Math.Sqrt((double)contributors / (MinimumOf(quorum) - 1));

    // That of values of the clip's norm, spread evenly over all that are sent.
    static float StepOf(FederationPlan plan, ModelLayout layout, int bits)
    {
        double sent = plan.Answer(layout).Length * SharedStep.ShareSent(plan.Uplink);
        return SharedStep.First(ClipOf(plan.Uplink) / Math.Sqrt(Math.Max(1, sent)), bits);
    }

    static double NormOf(Codec uplink, float step) => Math.Floor(ClipOf(uplink) / step);

    static double ClipOf(Codec uplink) => uplink.Stages.OfType<Clip>().LastOrDefault()?.Norm
        ?? throw new ArgumentException($"The uplink '{uplink}' has no clip, whose norm noise is a multiple of.", nameof(uplink));
}
