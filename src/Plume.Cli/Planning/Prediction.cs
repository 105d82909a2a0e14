using Plume.Cli.Errors;
using Plume.Cli.Setup;
using Plume.Cli.Terminal;
using Plume.Federation.Budgets;
using Plume.Simulation.Shadows;

namespace Plume.Cli.Planning;

/// <summary>What a line is expected to cost and to reach.</summary>
/// <param name="Line">The line.</param>
/// <param name="UplinkBytes">Of all updates of the whole run.</param>
/// <param name="DownlinkBytes">Of all that clients receive in it.</param>
/// <param name="Accuracy">After the probe's last round, 0 to 1.</param>
/// <param name="LinkSeconds">A round's mean time on the clients' links; null where there are none.</param>
sealed record Prediction(ShadowLine Line, long UplinkBytes, long DownlinkBytes, double Accuracy, double? LinkSeconds)
{
    /// <summary>Both directions together.</summary>
    public long Bytes => UplinkBytes + DownlinkBytes;

    /// <summary>Whether another line costs no more and reaches no less, and is better in one of both.</summary>
    public bool IsBeatenBy(Prediction other) => other.Bytes <= Bytes && other.Accuracy >= Accuracy
        && (other.Bytes < Bytes || other.Accuracy > Accuracy);
}

/// <summary>What may not be broken: how much accuracy may be lost, or how many bytes a client may spend.</summary>
/// <param name="Points">Accuracy below floats, in points; null where bytes are bounded.</param>
/// <param name="ClientBytes">Bytes of a client in the mean, both directions and the whole run; null where accuracy is.</param>
sealed record PlanBound(double? Points, long? ClientBytes)
{
    /// <summary>The most of the run's rounds that any 30 days have, as a share; null where no month is bounded.</summary>
    public double? Month { get; init; }

    /// <summary>
    /// A bound on bytes: a number of them, which a client may spend in the whole run, or a budget of a client as an
    /// experiment has it.
    /// </summary>
    /// <param name="text">What was written.</param>
    /// <param name="rounds">Rounds of the run.</param>
    /// <param name="roundsAMonth">Rounds in 30 days; null where nobody said.</param>
    /// <exception cref="CliException">It is none, or of a month of which nobody knows how many rounds it has.</exception>
    public static PlanBound OfBudget(string text, int rounds, int? roundsAMonth)
    {
        // In an experiment an amount alone is of all clients; here it is a client's, whose link it is.
        var budget = text.TrimEnd().EndsWith("client", StringComparison.Ordinal) || text.TrimEnd().EndsWith("month", StringComparison.Ordinal)
            ? WrittenOption.Read("--budget", text, ByteBudget.Parse) : new ByteBudget(ByteCount.Parse("--budget", text), BudgetScope.Client);
        if (budget.Scope != BudgetScope.ClientMonth)
            return roundsAMonth is null ? new PlanBound(null, budget.Bytes)
                : throw new CliException(ExitCode.Usage, $"--rounds-a-month is for a budget that ends in 'a client a month', but it is '{text}'.");
        if (roundsAMonth is not { } most)
            throw new CliException(ExitCode.Usage, $"--budget '{budget}' needs to know how many rounds a month has, which no experiment says: add "
                + "--rounds-a-month 30 where one opens each day.");
        double month = Math.Min(1, (double)most / rounds);
        return new PlanBound(null, (long)(budget.Bytes / month)) { Month = month };
    }

    /// <summary>The line to take: the fewest bytes within so many points, or the best within so many bytes; null where none
    /// keeps the bound.</summary>
    /// <param name="predictions">The lines, floats first.</param>
    /// <param name="clients">Clients of the federation.</param>
    public Prediction? Choose(IReadOnlyList<Prediction> predictions, int clients) => Points is { } points
        ? predictions.Where(line => line.Accuracy >= predictions[0].Accuracy - points / 100).MinBy(line => line.Bytes)
        : predictions.Where(line => line.Bytes <= ClientBytes * clients).MaxBy(line => line.Accuracy);
}
