using System.Globalization;
using Plume.Federation.Books;
using Plume.Federation.Budgets;
using Plume.Federation.Rounds;
using Plume.Protocol.V1;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.News;
using Plume.Server.Identity.Certificates;

namespace Plume.Server.Rpc.Operating;

/// <summary>How federations stand, in the words of plume.v1: what operators are told, by a call or on a page.</summary>
sealed class FederationStatuses(CertificateWatch? certificates = null)
{
    const int MembersTold = 10, AbsentTold = 5;

    /// <summary>A federation's status.</summary>
    public async Task<FederationStatus> OfAsync(FederationDefinition definition, FederationOverview overview)
    {
        var now = overview.Now;
        var status = new FederationStatus
        {
            Federation = definition.Name,
            Phase = now.Phase.ToString(),
            Paused = now.IsPaused,
            Round = (uint)now.Round,
            Attempt = (uint)now.Attempt,
            Rounds = (uint)overview.Rounds,
            ModelVersion = (uint)now.ModelVersion,
            Members = (uint)overview.Members,
            Needed = (uint)overview.Needed,
            Asked = (uint)(definition.Plan.Buffered?.Updates ?? now.Participants.Length),
            Added = (uint)overview.Added,
            LeftMs = (ulong)Math.Max(0, now.Left.TotalMilliseconds),
            UplinkBytes = (ulong)overview.UplinkBytes,
            DownlinkBytes = (ulong)overview.DownlinkBytes,
            Message = now.Message.Length > 0 ? now.Message : WaitsFor(overview),
            Method = definition.Plan.Method.ToString(),
            Rhythm = definition.Plan.Buffered?.ToString() ?? "",
            AtWork = { overview.AtWork
                .Select(member => new ClientAtWork { Name = member.Name, Version = (uint)member.Version }) },
            Privacy = definition.Plan.Privacy?.Sentence(overview.MostParticipations) ?? "",
            Budget = overview.Budget,
            Metric = definition.Metric,
        };
        if (overview.BudgetNumbers is { } numbers)
            status.BudgetSpent = new BudgetSpent
            {
                Scope = numbers.Scope switch { BudgetScope.Federation => "federation", BudgetScope.Client => "client", _ => "client-month" },
                Bytes = (ulong)numbers.Bytes,
                Spent = (ulong)numbers.Spent,
                Unused = numbers.Unused,
            };
        if (certificates is not null)
            status.Warnings.AddRange(await certificates.WarningsAsync(CancellationToken.None));
        status.Warnings.AddRange(overview.AskedLess.Take(MembersTold).Select(SentenceOf));
        if (overview.AskedLess.Count > MembersTold)
            status.Warnings.Add($"So did {overview.AskedLess.Count - MembersTold} others.");
        status.History.AddRange(overview.History.Select(FiguresOf));
        return status;
    }

    // A round that has not enough clients waits until one of these is there, or another joins. Times are times of day: they stay
    // as they are while nothing happens.
    static string WaitsFor(FederationOverview overview)
    {
        if (overview.Now.Phase != Phase.Waiting || overview.Absent.Length == 0)
            return "";
        var absent = overview.Absent.OrderBy(client => client.RestsUntil is null).ThenBy(client => client.RestsUntil)
            .Take(AbsentTold).Select(client => client.RestsUntil is { } until
                ? string.Create(CultureInfo.InvariantCulture,
                    $"'{client.Name}' could not do its task and rests until {until.UtcDateTime:HH:mm:ss} UTC, or until it joins anew")
                : $"'{client.Name}' is away");
        string rest = overview.Absent.Length > AbsentTold ? $"; and {overview.Absent.Length - AbsentTold} others" : "";
        return $"Not there: {string.Join("; ", absent)}{rest}.";
    }

    static string SentenceOf(AbsentMember member)
    {
        string rest = member.Rest switch
        {
            0 => "",
            1 => ": one round goes by without it",
            var rounds =>
            $": {rounds} rounds go by without it"
        };
        return member.Missed switch
        {
            0 => $"'{member.Name}' has a place whose last holder let deadlines pass, and is asked less{rest}",
            1 => $"'{member.Name}' let a deadline pass and is asked less{rest}",
            var missed => $"'{member.Name}' let {missed} deadlines in a row pass and is asked less{rest}",
        } + ".";
    }

    static RoundFigures FiguresOf(RoundMetrics round)
    {
        var figures = new RoundFigures
        {
            Round = (uint)round.Round,
            TrainingLoss = round.TrainingLoss,
            UplinkBytes = (ulong)round.UplinkBytes,
            DownlinkBytes = (ulong)round.DownlinkBytes,
            Seconds = round.Seconds,
            Accepted = (uint)round.Accepted,
            Refused = { round.Refused },
            Norm = round.Norm,
            Bounded = { round.Bounded ?? [] },
        };
        if (round.Accuracy is { } accuracy)
            figures.Accuracy = accuracy;
        if (round.Loss is { } loss)
            figures.Loss = loss;
        if (round.MacroF1 is { } macroF1)
            figures.MacroF1 = macroF1;
        if (round.Staleness is { } staleness)
            figures.Staleness = staleness;
        if (round.MostStale is { } mostStale)
            figures.MostStale = (uint)mostStale;
        if (round.Epsilon is { } epsilon)
            figures.Epsilon = epsilon;
        return figures;
    }
}
