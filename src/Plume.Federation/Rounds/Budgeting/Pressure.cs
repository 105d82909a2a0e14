using Plume.Federation.Budgets;

namespace Plume.Federation.Rounds.Budgeting;

/// <summary>
/// How hard a budget presses on the steps of <c>auto</c>: what the last round cost against what is left over the rounds that are
/// left, both ways, so that all of it is used and none too soon.
/// </summary>
/// <remarks>
/// A round is expected to cost as many updates of the size of the last ones, and as many catch-ups of the versions that a client
/// misses between two rounds that ask it, of which each after the first adds what it added so far. Bytes follow steps as
/// <see cref="StepFactors.BytesBy"/> says, which is no law, so a round corrects but a part of what it sees. Where each client has
/// a budget, what most of those have left that are asked next is what counts: who has little left is asked no more.
/// </remarks>
sealed class Pressure(FederationPlan plan, MessageBytes bytes, ByteBudget budget)
{
    // Most that a round changes.
    const int Coarser = 2 * StepFactors.Octave, Finer = -2 * StepFactors.Octave;

    const int SmoothingRounds = 3;

    // Per cent of the clients.
    const int EnoughFor = 40;

    // The part of what is seen that a round corrects.
    const double Gain = 0.5;

    /// <summary>The spending with the next round's pressure.</summary>
    /// <param name="state">When the version was published, and what came of its round is entered.</param>
    /// <param name="payload">Bytes of that version.</param>
    /// <param name="left">Bytes left: of all, or of each that is there.</param>
    /// <param name="now">The time.</param>
    public Spending Next(FederationState state, long payload, IReadOnlyList<long> left, DateTimeOffset now)
    {
        var spending = state.Spending;
        int roundsLeft = plan.RoundsIn(state) - state.Current.Round, before = spending.Pressure;
        if (roundsLeft < 1 || spending.Answers == 0 || !(plan.Uplink.IsAuto || plan.Downlink.IsAuto))
            return spending;
        int members = Math.Max(1, state.Members.Count);
        double most = plan.Fixed is { } lists ? lists[state.Current.Round].Length
            : Math.Min(members, Math.Ceiling(plan.Participants * plan.OverSelection));
        double target = Target(state, left, roundsLeft, most, now);
        var steps = plan.Steps;
        double upload = Smoothed(spending.NextUpload, spending.MeanUpload);
        double version = Smoothed(spending.NextPayload, payload);
        int wanted = before;
        while (wanted < steps.Most && Cost(wanted) > target)
            wanted++;
        while (wanted > StepFactors.Least && Cost(wanted - 1) <= target)
            wanted--;
        // Among fine steps nothing is corrected too much.
        double gain = wanted < before && before <= 0 ? 1 : Gain;
        int next = before + (int)Math.Clamp(Math.Round(gain * (wanted - before)), Finer, Coarser);
        return spending with { Pressure = next, NextUpload = Upload(next), NextPayload = Payload(next) };

        double Upload(int pressure) => !plan.Uplink.IsAuto ? upload
            : StepFactors.BytesBy(upload, steps.UplinkParts(pressure) - steps.UplinkParts(before), bytes.MostUpload);

        double Payload(int pressure) => !plan.Downlink.IsAuto ? version
            : StepFactors.BytesBy(version, steps.DownlinkParts(pressure) - steps.DownlinkParts(before), bytes.Whole);

        double Cost(int pressure)
        {
            double asked = Math.Max(plan.Quorum, most * steps.Asked(pressure));
            return asked * (Upload(pressure)
                + Math.Min(bytes.Whole, Payload(pressure) * (1 + spending.FurtherShare * Math.Max(0, members / asked - 1))));
        }
    }

    static double Smoothed(double expected, double seen) => expected > 0 ? expected + (seen - expected) / SmoothingRounds : seen;

    /// <summary>
    /// Bytes that a round may take. Where months pass, as many as all clients may have in one over the rounds of one.
    /// </summary>
    /// <param name="state">How the federation stands.</param>
    /// <param name="left">Bytes left: of all, or of each that is there.</param>
    /// <param name="roundsLeft">Rounds that they are for.</param>
    /// <param name="asked">Clients that a round asks.</param>
    /// <param name="now">The time.</param>
    public double Target(FederationState state, IReadOnlyList<long> left, int roundsLeft, double asked, DateTimeOffset now)
    {
        if (budget.Scope == BudgetScope.ClientMonth && state.Spending.Since is { } since && now > since
            && (now - since).TotalDays / Math.Max(1, plan.RoundsIn(state) - roundsLeft) is var days
            && days * roundsLeft > ByteBudget.MonthDays)
            return (double)budget.Bytes * left.Count * days / ByteBudget.MonthDays;
        if (budget.Scope == BudgetScope.Federation || left.Count == 0)
            return left.Sum() / (double)roundsLeft;
        // Those are asked that have most left, and most of them are to have enough each time.
        double turns = Math.Max(1, asked * roundsLeft);
        int clients = (int)Math.Min(left.Count, Math.Ceiling(turns));
        return asked * left.OrderDescending().ElementAt(clients * EnoughFor / 100) / (turns / clients);
    }
}
