using System.Globalization;
using Plume.Federation.Budgets;
using Plume.Federation.Rounds;

namespace Plume.Federation.Books;

/// <summary>What a run has spent of its budget of bytes, and what it gave up for it.</summary>
/// <param name="Budget">The budget.</param>
/// <param name="Bytes">What it allows: all clients together, or each.</param>
/// <param name="Spent">What counts: of all clients together, or of the client that has spent most.</param>
/// <param name="Unused">Share of what all clients may spend that was not spent, 0 to 1.</param>
/// <param name="Uplink">Least and most times that the uplink's step was <c>auto</c>'s; null where it is not <c>auto</c>.</param>
/// <param name="Downlink">The same of the downlink's.</param>
/// <param name="NotAsked">Clients that were drawn and not asked, over all rounds.</param>
/// <param name="Sentence">The same in words, and why the run ended if it ended early.</param>
public sealed record BudgetReport(string Budget, long Bytes, long Spent, double Unused, FactorRange? Uplink,
    FactorRange? Downlink, int NotAsked, string Sentence)
{
    /// <summary>The report of a run.</summary>
    /// <param name="plan">Its plan; without a budget there is no report.</param>
    /// <param name="spending">Where it stands.</param>
    /// <param name="rounds">What its rounds gave up.</param>
    /// <param name="whyEnded">Why it ended before its last round; null where it did not.</param>
    public static BudgetReport? Of(FederationPlan plan, Spending spending, IEnumerable<BudgetFigures> rounds, string? whyEnded)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(spending);
        if (plan.Budget is not { } budget)
            return null;
        BudgetFigures[] figures = [.. rounds];
        bool isWhole = budget.Scope == BudgetScope.Federation;
        long spent = isWhole ? spending.Total : spending.Accounts.Values.Select(account => account.Spent).DefaultIfEmpty(0).Max();
        double unused = 1 - spending.Total / ((double)budget.Bytes * (isWhole ? 1 : plan.Clients));
        var up = plan.Uplink.IsAuto ? FactorRange.Of(figures.Select(round => round.UplinkFactor)) : null;
        var down = plan.Downlink.IsAuto ? FactorRange.Of(figures.Select(round => round.DownlinkFactor)) : null;
        int notAsked = figures.Sum(round => round.NotAsked);
        string gaveUp = (up, down) switch
        {
            (null, null) when plan.Uplink.IsAuto || plan.Downlink.IsAuto => "",
            (null, null) => " Without 'auto' no step follows it, only who is asked.",
            _ => $" Steps were{Said(up, "up")}{(up is null || down is null ? "" : ",")}{Said(down, "down")}.",
        };
        return new BudgetReport(budget.ToString(), budget.Bytes, spent, unused, up, down, notAsked,
            string.Create(CultureInfo.InvariantCulture, $"{(isWhole ? "" : "The client that cost most has ")}{(isWhole ? "S" : "s")}pent {spent} "
                + $"bytes of the budget of {budget}; {unused * 100:0.0} % of {(isWhole ? "it" : "all clients'")} is unused.")
                + gaveUp + (notAsked == 0 ? "" : $" {notAsked} times a client was drawn and not asked.") + (whyEnded is null ? "" : $" {whyEnded}"));
    }

    static string Said(FactorRange? range, string direction) => range is null ? ""
        : string.Create(CultureInfo.InvariantCulture, $" {range.Least:0.##} to {range.Most:0.##} times auto's {direction}");
}

/// <summary>Least and most of a round's factors.</summary>
/// <param name="Least">The least.</param>
/// <param name="Most">The most.</param>
public sealed record FactorRange(double Least, double Most)
{
    internal static FactorRange? Of(IEnumerable<double> factors)
    {
        double[] all = [.. factors];
        return all.Length == 0 ? null : new FactorRange(all.Min(), all.Max());
    }
}
