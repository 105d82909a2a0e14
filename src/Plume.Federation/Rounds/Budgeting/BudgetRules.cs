using System.Collections.Immutable;
using System.Globalization;
using Plume.Compression.Randomness;
using Plume.Federation.Budgets;

namespace Plume.Federation.Rounds.Budgeting;

/// <summary>
/// Whom a round may ask where a plan has a budget of bytes: what asking costs at most is reserved before, in the state that the
/// event leaves which opens the round, and what it did cost is entered after.
/// </summary>
/// <param name="plan">The rules of the federation, with a budget.</param>
/// <param name="bytes">What its messages take.</param>
sealed class BudgetRules(FederationPlan plan, MessageBytes bytes)
{
    // An update may have so many times what a round of the budget has for one client, before its sender takes a coarser step.
    const int MostShares = 2;

    // Updates of a line without auto are expected to be so many times the largest of the last round at most.
    const double Growth = 1.25;

    readonly ByteBudget budget = plan.Budget!;

    /// <summary>The state when all clients hold version 0.</summary>
    public static FederationState Begun(FederationPlan plan, FederationState state) => plan.Budget is null ? state
        : state with
        {
            Spending = state.Spending with
            {
                Accounts = Enumerable.Range(0, plan.Clients)
                    .ToImmutableSortedDictionary(client => client, _ => new Account(0, 0)),
            },
        };

    /// <summary>Those of some clients that can be asked together, the cheapest first, as many as the budget pays for.</summary>
    /// <param name="state">How the federation stands.</param>
    /// <param name="clients">Whom to choose of.</param>
    /// <param name="now">The time.</param>
    /// <param name="draw">Decides among clients that cost the same; the smaller number where null.</param>
    public List<int> Affordable(FederationState state, IEnumerable<int> clients, DateTimeOffset now, RandomKey? draw = null)
    {
        var spending = state.Spending;
        long least = LeastUpload(spending);
        if (budget.Scope != BudgetScope.Federation)
            return [.. clients.Where(client => Download(spending, client) + least <= LeftOf(spending.Of(client), now))];
        long left = budget.Bytes - spending.Total;
        var affordable = new List<int>();
        foreach (int client in clients.OrderBy(client => Download(spending, client))
            .ThenBy(client => draw?.Bits((ulong)client) ?? 0).ThenBy(client => client))
        {
            left -= Download(spending, client) + least;
            if (left < 0)
                break;
            affordable.Add(client);
        }

        return affordable;
    }

    /// <summary>Whether the budget pays for another round, if all clients are there or time passes.</summary>
    public bool Suffices(FederationState state, int round, DateTimeOffset now) => budget.Scope == BudgetScope.ClientMonth
        ? Affordable(state with { Spending = Emptied(state.Spending) }, Everyone(round), now).Count >= plan.Quorum
        : Affordable(state, Everyone(round), now).Count >= plan.Quorum;

    /// <summary>Members in the order in which a round draws of them: where each has a budget, those first that have spent
    /// least.</summary>
    public IEnumerable<int> ByNeed(FederationState state, IEnumerable<int> members, DateTimeOffset now, RandomKey draw) =>
        budget.Scope == BudgetScope.Federation ? members
            : members.OrderByDescending(client => LeftOf(state.Spending.Of(client), now))
                .ThenBy(client => draw.Bits((ulong)client)).ThenBy(client => client);

    /// <summary>Most bytes that the version of a round may have, where the downlink is <c>auto</c>; null elsewhere.</summary>
    /// <param name="state">When who is asked is reserved.</param>
    /// <param name="round">The round.</param>
    /// <param name="asked">How many it asks.</param>
    /// <param name="now">The time.</param>
    public long? MostPayload(FederationState state, int round, int asked, DateTimeOffset now) => !plan.Downlink.IsAuto ? null
        : (long)((budget.Scope == BudgetScope.Federation ? MostShares : 1) * ShareOf(state, round, asked, now)
            / (1 + state.Spending.FurtherShare * (Math.Max(1, (double)state.Members.Count / Math.Max(1, asked)) - 1)));

    // What a round of the budget has for one of so many clients.
    double ShareOf(FederationState state, int round, int asked, DateTimeOffset now) => asked == 0 ? 0
        : new Pressure(plan, bytes, budget)
            .Target(state, Lefts(state, now), Math.Max(1, plan.RoundsIn(state) - round + 1), asked, now) / asked;

    /// <summary>Whether a round draws by what clients have spent.</summary>
    public bool DrawsByNeed => budget.Scope != BudgetScope.Federation;

    /// <summary>Reserves what a round costs at most, of those that it was to ask and the budget pays for.</summary>
    /// <returns>The state, and who is asked.</returns>
    public (FederationState State, int[] Asked) Reserve(FederationState state, int[] drawn, int round, DateTimeOffset now,
        RandomKey draw)
    {
        int most = Math.Max(Math.Min(plan.Quorum, drawn.Length),
            (int)Math.Ceiling(drawn.Length * plan.Steps.Asked(state.Spending.Pressure)));
        int[] asked = [.. Affordable(state, drawn, now, draw).Take(most).Order()];
        var spending = Pruned(state.Spending, now) with
        {
            NotAsked = drawn.Length - asked.Length,
            Sent = 0,
            Answers = 0,
            Largest = 0,
            Since = state.Spending.Since ?? now,
        };
        long longest = MostUploads(state, round, asked, now);
        int day = DayOf(now);
        var accounts = spending.Accounts.ToBuilder();
        foreach (int client in asked)
        {
            var account = spending.Of(client);
            long download = Download(spending, client);
            long upload = budget.Scope == BudgetScope.Federation ? longest : Math.Min(longest, LeftOf(account, now) - download);
            accounts[client] = account.Charge(day, download + upload) with
            {
                Asked = new AskedBytes(account.Version, download, upload, day),
            };
        }

        return (state with { Spending = spending with { Accounts = accounts.ToImmutable() } }, asked);
    }

    /// <summary>The state when an asked client's update has come, whether it counts or not.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="client">Whose.</param>
    /// <param name="length">Its bytes.</param>
    public static FederationState Arrived(FederationState state, int client, long length)
    {
        var spending = state.Spending;
        if (spending.Of(client) is not { Asked: { Upload: > 0 } asked } account)
            return state;
        return state with
        {
            Spending = spending with
            {
                Sent = spending.Sent + length,
                Answers = spending.Answers + 1,
                Largest = Math.Max(spending.Largest, length),
                Accounts = spending.Accounts.SetItem(client, account.Charge(asked.Day, length - asked.Upload) with
                {
                    // Whoever answers holds the version that it was asked to start from.
                    Version = state.Current.ModelVersion,
                    At = spending.Published,
                    Asked = asked with { Upload = 0 },
                }),
            },
        };
    }

    /// <summary>The state when an asked client sends no update.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="state">The state before.</param>
    /// <param name="client">Which.</param>
    /// <param name="sent">Bytes that it has sent nevertheless. Where nobody knows, all that was reserved counts, and so nobody knows
    /// what it holds.</param>
    public static FederationState Dropped(FederationPlan plan, FederationState state, int client, long? sent)
    {
        var spending = state.Spending;
        if (plan.Budget is null || spending.Of(client) is not { Asked: { Upload: > 0 } asked } account)
            return state;
        return sent is not { } known ? Forgotten(state, client) : state with
        {
            Spending = spending with
            {
                Accounts = spending.Accounts.SetItem(client,
                    account.Charge(asked.Day, known - asked.Upload) with { Asked = asked with { Upload = 0 } }),
            },
        };
    }

    /// <summary>The state when a client holds nothing that is known of.</summary>
    public static FederationState Forgotten(FederationState state, int client) =>
        !state.Spending.Accounts.TryGetValue(client, out var account) ? state : state with
        {
            Spending = state.Spending with
            {
                Accounts = state.Spending.Accounts.SetItem(client, account with { Version = null, At = 0 }),
            },
        };

    /// <summary>The state when the round's version is published: what catch-ups to it cost is known, and the next round's
    /// steps follow.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="published">What the host knows.</param>
    /// <param name="now">The time.</param>
    public FederationState Published(FederationState state, PublishedBytes published, DateTimeOffset now)
    {
        var spending = state.Spending;
        var settled = spending with
        {
            Accounts = spending.Accounts.SetItems(spending.Accounts.Where(entry => entry.Value.Asked is not null)
                .Select(entry => KeyValuePair.Create(entry.Key, entry.Value with { Asked = null }))),
            Published = spending.Published + published.Payload,
            CatchUps = published.CatchUps,
            MeanUpload = spending.Answers > 0 ? (double)spending.Sent / spending.Answers : spending.MeanUpload,
            LargestUpload = spending.Answers > 0 ? spending.Largest : spending.LargestUpload,
        };
        settled = settled with { FurtherShare = FurtherShare(settled, state.Members, state.Current.Round) };
        var next = state with { Spending = settled };
        var pressed = new Pressure(plan, bytes, budget).Next(next, published.Payload, Lefts(next, now), now);
        return next with { Spending = pressed with { ModelStep = ModelStep(state, pressed) } };
    }

    /// <summary>Why a federation has ended before its last round by itself; null where it has not.</summary>
    public static string? WhyEnded(FederationPlan plan, FederationState state)
    {
        if (plan.Budget is not { } budget || state.Spending.EndedAfter is not { } made)
            return null;
        var spending = state.Spending;
        return budget.Scope == BudgetScope.Federation
            ? string.Create(CultureInfo.InvariantCulture, $"The budget of {budget} is spent: {spending.Total} bytes went to {made} "
                + $"of {plan.RoundsIn(state)} rounds, and {budget.Bytes - spending.Total} are left, which do not pay for another with "
                + $"{plan.Quorum} clients.")
            : string.Create(CultureInfo.InvariantCulture, $"The budget of {budget} is spent after {made} of {plan.RoundsIn(state)} rounds: "
                + $"fewer than {plan.Quorum} of {plan.Clients} clients, the quorum, have enough left for another.");
    }

    /// <summary>Why the budget cannot pay for a first round; null where it can.</summary>
    /// <param name="isDownloaded">Whether clients download version 0, as on a network.</param>
    public string? Misfit(bool isDownloaded)
    {
        int needed = plan.NeededFor(1, 1);
        long each = bytes.LeastUpload + (isDownloaded ? bytes.Whole : 0);
        long least = budget.Scope == BudgetScope.Federation ? needed * each : each;
        return budget.Bytes >= least ? null
            : $"'{budget}' does not pay for one round: {(isDownloaded ? $"the model takes {bytes.Whole} bytes and " : "")}an update "
                + $"at least about {bytes.LeastUpload}, of {needed} clients. The smallest that does is '{new ByteBudget(least, budget.Scope)}'.";
    }

    // A sum of versions is of the finest of their steps, and a finer one brings what coarser ones left: it changes as seldom as
    // it can.
    float? ModelStep(FederationState state, Spending spending)
    {
        if (!plan.Downlink.IsAuto || state.Spread is not { } spread)
            return null;
        double factor = plan.Steps.OfDownlink(spending.Pressure);
        return spending.ModelStep is { } before && before >= Step(1 / StepFactors.Slack) && before <= Step(StepFactors.Slack)
            ? before : Step(1);

        float Step(double times) => plan.Downlink.StepAt(spread, state.Current.Participants.Count, times * factor);
    }

    long LeftOf(Account account, DateTimeOffset now) => budget.Bytes - SpentBy(account, now);

    long SpentBy(Account account, DateTimeOffset now)
    {
        if (budget.Scope != BudgetScope.ClientMonth)
            return account.Spent;
        int today = DayOf(now);
        return account.Days.Where(day => day.Key >= today - ByteBudget.MonthDays).Sum(day => day.Value);
    }

    // Of all together, or of each that is there; whoever is not cannot spend its own.
    List<long> Lefts(FederationState state, DateTimeOffset now) => budget.Scope == BudgetScope.Federation
        ? [budget.Bytes - state.Spending.Total] : [.. state.Members.Select(client => LeftOf(state.Spending.Of(client), now))];

    IEnumerable<int> Everyone(int round) => plan.Fixed?[round - 1] ?? Enumerable.Range(0, plan.Clients);

    long Download(Spending spending, int client)
    {
        var account = spending.Of(client);
        long chain = Math.Min(bytes.Whole, spending.Published - account.At);
        return account.Version is not { } version ? bytes.Whole
            : spending.CatchUps.TryGetValue(version, out long known) ? Math.Min(known, chain) : chain;
    }

    // Versions that are missed together cost less than one by one: how much each after the first adds, of its own payload.
    static double FurtherShare(Spending spending, IEnumerable<int> members, int newest)
    {
        double payloads = 0, real = 0, first = 0;
        foreach (var account in members.Select(spending.Of))
        {
            if (account.Version is not { } version || newest - version < 2
                || !spending.CatchUps.TryGetValue(version, out long known))
                continue;
            double each = (double)(spending.Published - account.At) / (newest - version);
            (payloads, real, first) = (payloads + each * (newest - version - 1), real + known, first + each);
        }

        return payloads > 0 ? Math.Clamp((real - first) / payloads, 0, 1) : spending.FurtherShare;
    }

    long LeastUpload(Spending spending) => Math.Min(bytes.MostUpload, Math.Max(bytes.LeastUpload, plan.Uplink.IsAuto
        ? (long)(spending.MeanUpload / MostShares) : (long)(Growth * spending.LargestUpload)));

    // Of each of those asked.
    long MostUploads(FederationState state, int round, int[] asked, DateTimeOffset now)
    {
        if (asked.Length == 0)
            return 0;
        var spending = state.Spending;
        long most = bytes.MostUpload;
        if (plan.Uplink.IsAuto)
            most = Math.Min(most, Math.Max(LeastUpload(spending), (long)(MostShares * ShareOf(state, round, asked.Length, now))));
        return budget.Scope != BudgetScope.Federation ? most
            : Math.Min(most, (budget.Bytes - spending.Total - asked.Sum(client => Download(spending, client))) / asked.Length);
    }

    int DayOf(DateTimeOffset now) => budget.Scope != BudgetScope.ClientMonth ? 0
        : (int)(now.UtcTicks / TimeSpan.TicksPerDay);

    // Days that count no more.
    Spending Pruned(Spending spending, DateTimeOffset now)
    {
        if (budget.Scope != BudgetScope.ClientMonth)
            return spending;
        int first = DayOf(now) - ByteBudget.MonthDays;
        return spending with
        {
            Accounts = spending.Accounts.SetItems(spending.Accounts.Where(entry => entry.Value.Days.Keys.Any(day => day < first))
                .Select(entry => KeyValuePair.Create(entry.Key, entry.Value with
                {
                    Days = entry.Value.Days.RemoveRange(entry.Value.Days.Keys.Where(day => day < first)),
                }))),
        };
    }

    static Spending Emptied(Spending spending) => spending with
    {
        Accounts = spending.Accounts.SetItems(spending.Accounts.Select(entry => KeyValuePair.Create(entry.Key,
            entry.Value with { Days = ImmutableSortedDictionary<int, long>.Empty }))),
    };
}
