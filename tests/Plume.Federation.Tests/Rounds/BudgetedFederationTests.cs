using System.Collections.Immutable;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Books;
using Plume.Federation.Budgets;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Budgeting;

namespace Plume.Federation.Tests.Rounds;

public class BudgetedFederationTests
{
    const int Whole = 1000, Upload = 400, Payload = 100;

    static readonly MessageBytes Bytes = new(Whole, LeastUpload: 10, MostUpload: Upload);

    static FederationPlan Plan(string budget, int rounds = 100) => Host.Plan(clients: 4, participants: 2, rounds, quorum: 2) with
    {
        Budget = ByteBudget.Parse(budget),
        Uplink = Codec.Parse("pack"),
    };

    static RoundBooks Books(FederationPlan plan) => new(plan, RandomKey.FromSeed(1), 1, NoteLimit.None, bytes: Bytes);

    // A round of which every participant sends so many bytes, on a day.
    static void Round(RoundBooks books, DateTimeOffset now, long length = Upload)
    {
        foreach (int client in books.State.Current.Participants)
        {
            books.Happen(new UpdateArrived(client, books.State.Current.Round, 1, books.State.Current.ModelVersion, 1)
            {
                Length = length,
            }, now);
            books.Happen(new UpdateAdded(client, 1), now);
        }

        books.Happen(new ModelApplied { Bytes = new PublishedBytes(Payload, ImmutableSortedDictionary<int, long>.Empty) }, now);
    }

    static void Join(RoundBooks books, DateTimeOffset now)
    {
        for (int client = 0; client < 4; client++)
            books.Happen(new ClientJoined(client), now);
    }

    [Fact]
    public void More_rounds_are_paid_from_what_is_left_and_refused_where_it_pays_for_none()
    {
        var books = Books(Plan("10kB", rounds: 2));
        Join(books, default);
        while (books.State.Phase == Phase.Collecting)
            Round(books, default);
        Assert.Equal(Phase.Finished, books.State.Phase);
        Assert.Null(books.State.Spending.EndedAfter);
        long before = books.State.Spending.Total;
        int more = books.State.Current.Round + 1000;
        Assert.Null(books.WhyNotExtended(more, default));
        books.Happen(new Extended(more), default);
        Join(books, default);
        while (books.State.Phase == Phase.Collecting)
            Round(books, default);
        Assert.Equal(Phase.Finished, books.State.Phase);
        Assert.InRange(books.State.Spending.Total, before + 1, 10_000);
        Assert.InRange(books.State.Current.Round, more - 999, more - 1);
        string ended = books.WhyNotExtended(more + 1, default)!;
        Assert.StartsWith($"The budget of 10kB is spent: {books.State.Spending.Total} bytes went to {books.State.Current.Round} of "
            + $"{more + 1} rounds, and {10_000 - books.State.Spending.Total} are left, which do not pay for another with ", ended);
        Assert.Equal(Phase.Finished, books.State.Phase);
    }

    [Fact]
    public void What_asking_costs_at_most_is_reserved_before_anybody_is_asked_and_what_came_takes_its_place()
    {
        var books = Books(Plan("10kB"));
        Join(books, default);
        Assert.Equal(2 * (Whole + Upload), books.State.Spending.Total);
        int first = books.State.Current.Participants[0];
        books.Happen(new UpdateArrived(first, 1, 1, 0, 1) { Length = 50 }, default);
        Assert.Equal(2 * Whole + Upload + 50, books.State.Spending.Total);
        // Whoever is not heard of may have sent all of it.
        int second = books.State.Current.Participants[1];
        books.Happen(new ClientDropped(second), default);
        Assert.Equal(2 * Whole + Upload + 50, books.State.Spending.Total);
        Assert.Null(books.State.Spending.Of(second).Version);
    }

    [Fact]
    public void A_client_that_sent_nothing_gives_back_what_was_reserved_for_its_update_alone()
    {
        var books = Books(Plan("10kB"));
        Join(books, default);
        books.Happen(new ClientDropped(books.State.Current.Participants[0]) { Sent = 0 }, default);
        Assert.Equal(2 * Whole + Upload, books.State.Spending.Total);
        books.Happen(new ClientDropped(books.State.Current.Participants[1]) { Sent = 0 }, default);
        // The round is lost with it, and another attempt has reserved as much again.
        Assert.Equal(2, books.State.Current.Attempt);
        Assert.Equal(2 * Whole + 2 * (Whole + Upload), books.State.Spending.Total);
    }

    [Fact]
    public void It_is_never_broken_and_ends_the_federation_when_it_pays_for_no_quorum()
    {
        var plan = Plan("6kB");
        var books = Books(plan);
        Join(books, default);
        while (books.State.Phase == Phase.Collecting)
        {
            Assert.InRange(books.State.Spending.Total, 0, 6000);
            Round(books, default);
        }

        Assert.Equal(Phase.Finished, books.State.Phase);
        Assert.InRange(books.State.Spending.Total, 5000, 6000);
        Assert.StartsWith("The budget of 6kB is spent: ", books.WhyEnded);
    }

    [Fact]
    public void With_a_month_a_client_is_asked_again_when_thirty_days_have_passed()
    {
        // One round each: the model and an update.
        var books = Books(Plan("1.5kB a client a month"));
        var start = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        Join(books, start);
        for (int round = 1; round <= 2; round++)
            Round(books, start);
        Assert.Equal((Phase.Waiting, 3), (books.State.Phase, books.State.Current.Round));
        books.Happen(new TimePassed(), start.AddDays(30));
        Assert.Equal(Phase.Waiting, books.State.Phase);
        books.Happen(new TimePassed(), start.AddDays(31));
        Assert.Equal(Phase.Collecting, books.State.Phase);
        Assert.All(books.State.Spending.Accounts.Values, account => Assert.InRange(account.Spent, 0, 1500));
    }

    [Fact]
    public void Where_each_client_has_a_budget_those_are_asked_first_that_have_spent_least()
    {
        var books = Books(Plan("100kB a client"));
        Join(books, default);
        var turns = new int[4];
        for (int round = 0; round < 20; round++)
        {
            foreach (int client in books.State.Current.Participants)
                turns[client]++;
            Round(books, default);
        }

        Assert.All(turns, asked => Assert.InRange(asked, 9, 11));
    }
}
