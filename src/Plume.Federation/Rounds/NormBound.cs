using System.Collections.Immutable;
using System.Globalization;
using Plume.Federation.Methods;

namespace Plume.Federation.Rounds;

/// <summary>
/// How large an update may be: its Euclidean norm is at most a multiple of what was usual in recent rounds. A larger one counts
/// as one of usual size, so that a client which sends its update times a thousand, or minus ten, moves the model as one client
/// does.
/// </summary>
/// <remarks>
/// Usual is the median of the last <see cref="Window"/> rounds' medians, of norms before they are bounded, so that honest updates
/// may grow and a minority of hostile ones decides nothing. What is usual in a round is known when it opens: neither the order of
/// arrival nor who else takes part changes what an update counts. Before the first round has ended, usual is the norm of the
/// model, or that of freshly drawn weights of its shape where that is larger (a model may begin at zero).
/// Source: norm bounding after Sun et al., "Can You Really Backdoor Federated Learning?", 2019, arXiv:1911.07963. Differs from
/// it: the bound follows the run instead of being a constant to tune, and what is beyond it is scaled to less than the bound,
/// since whoever goes beyond it by design would have the whole of it.
/// </remarks>
/// <param name="Factor">How many times the usual norm an update may have; at least 1.</param>
public sealed record NormBound(double Factor)
{
    /// <summary>Rounds whose medians are remembered.</summary>
    public const int Window = 5;

    /// <summary>The factor that a plan has unless it says another.</summary>
    public const double DefaultFactor = 3;

    // Codecs make clipped updates a little larger.
    const double SlackOfClip = 1.5;

    /// <summary>The norm that is usual in the next round.</summary>
    /// <param name="rounds">Medians of the recent rounds; empty before the first has ended.</param>
    /// <param name="modelNorm">What the plan's <see cref="Method.UsualNorm"/> says of version 0: usual, too, while no update had
    /// any size.</param>
    public static double Usual(ImmutableArray<double> rounds, double modelNorm) => LowerMedian(rounds) is > 0 and var usual
        ? usual : modelNorm;

    /// <summary>What there is to say of an update that is in a round's sum at less than its size; null where there is
    /// nothing.</summary>
    internal static ReportBounded? ReportOn(UpdateAdded added, RoundPlan current, FederationPlan plan)
    {
        double? bound = plan.Privacy is null ? plan.NormBound?.Factor : SlackOfClip;
        if (!(added.Norm > bound * current.UsualNorm))
            return null;
        return new ReportBounded(added.Client, current.Round, plan.Privacy is null ? string.Create(CultureInfo.InvariantCulture,
            $"The update of client {added.Client} counts as one of norm {current.UsualNorm:g3}, the usual one in round "
                + $"{current.Round}: its own is {added.Norm:g3}, above {plan.NormBound!.Factor:g3} times that.")
            : string.Create(CultureInfo.InvariantCulture,
                $"The update of client {added.Client} counts as one of norm {current.UsualNorm:g3}, the clip: its own is "
                    + $"{added.Norm:g3}, though the client should have clipped it."));
    }

    /// <summary>The recent rounds' medians with one more.</summary>
    /// <param name="rounds">Before it.</param>
    /// <param name="norm">Its median.</param>
    internal static ImmutableArray<double> Remember(ImmutableArray<double> rounds, double norm)
    {
        var more = rounds.Add(norm);
        return more.Length > Window ? more.RemoveAt(0) : more;
    }

    /// <summary>
    /// The median, of an even number the smaller of the two in the middle: between one honest update and one that is not, the
    /// bound follows the smaller. 0 where there is none.
    /// </summary>
    public static double LowerMedian(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : sorted[(sorted.Length - 1) / 2];
    }
}
