using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;

namespace Plume.Federation.Tests.Books;

public class RoundBooksTests
{
    static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    static RoundBooks Open(int rounds = 5, int participants = 3, NoteLimit? notes = null, int measureEvery = 1)
    {
        var plan = new FederationPlan(participants, rounds, participants, new LocalObjective(1, 1, 0.1),
            Codec.Floats, Codec.Floats)
        {
            Quorum = 2,
            Attempts = 2,
            SampleCap = 10,
        };
        return new RoundBooks(plan, RandomKey.FromSeed(1), modelNorm: 2, notes ?? NoteLimit.None, measureEvery);
    }

    static UpdateArrived Update(RoundBooks books, int client, double loss = 1) =>
        new(client, books.State.Current.Round, books.State.Current.Attempt, books.State.Current.ModelVersion, 5)
        {
            Length = 100 + client,
            Loss = loss,
        };

    [Fact]
    public void A_round_in_figures()
    {
        var books = Open();
        books.Happen(new Started(), Start);
        foreach (int client in (int[])[2, 0])
        {
            books.Happen(Update(books, client, loss: 1 + client), Start);
            books.Happen(new UpdateAdded(client, client == 0 ? 1 : 3), Start);
        }

        books.Happen(new ClientDropped(1) { Problem = "out of memory" }, Start);
        Assert.Equal(Phase.Applying, books.State.Phase);
        var figures = books.Figures(new Evaluation(0.5, 0.7, 10), downlinkBytes: 11, seconds: 2.5);
        Assert.Equal((1, 0.5, 0.7, 2.0, 202, 11, 2.5, 2, 1.0),
            (figures.Round, figures.Accuracy, figures.Loss, figures.TrainingLoss, figures.UplinkBytes, figures.DownlinkBytes,
                figures.Seconds, figures.Accepted, figures.Norm));
        Assert.Equal(["Client 1 sent no update: out of memory"], figures.Refused);
        Assert.Equal([0, 2], books.Contributions.Select(entry => entry.Key));
        Assert.Equal([1.0], books.WeightsByCapacity);
    }

    [Fact]
    public void What_is_only_considered_is_in_no_book()
    {
        var books = Open();
        books.Happen(new Started(), Start);
        var before = books.State;
        Assert.True(books.Consider(Update(books, 0), Start).IsChange);
        Assert.Equal(Refusal.WrongVersion, books.Consider(Update(books, 0) with { ModelVersion = 3 }, Start).Refusal!.Reason);
        Assert.Same(before, books.State);
        Assert.Equal(0, books.UplinkBytes);
        Assert.Empty(books.Refused);
    }

    [Fact]
    public void What_was_considered_before_something_else_happened_is_not_entered()
    {
        var books = Open();
        books.Happen(new Started(), Start);
        var entry = books.Consider(Update(books, 0), Start);
        books.Happen(Update(books, 1), Start);
        Assert.Throws<InvalidOperationException>(() => books.Enter(entry));
        Assert.Equal(101, books.UplinkBytes);
    }

    [Fact]
    public void Answers_of_this_round_and_the_last_are_known_and_no_older_ones()
    {
        var books = Open();
        books.Happen(new Started(), Start);
        PlayRound(books, invalid: 1);
        Assert.Equal([(0, true), (1, false), (2, true)], books.SettledIn(1)
            .Select(settled => (settled.Part.Client, settled.IsCounted)));
        Assert.Equal("The update of client 1 is refused: not finite", books.OutcomeOf(new RoundPart(1, 1, 1))!.Value.Problem);
        books.Happen(new ModelApplied(), Start);
        Assert.NotNull(books.OutcomeOf(new RoundPart(1, 1, 0)));
        Assert.Null(books.OutcomeOf(books.PartOf(0)));
        PlayRound(books);
        books.Happen(new ModelApplied(), Start);
        Assert.Empty(books.SettledIn(1));
        Assert.Equal(3, books.SettledIn(2).Count);
    }

    [Fact]
    public void Attempts_of_a_round_are_counted_together_but_only_the_last_one_trains()
    {
        var books = Open();
        books.Happen(new Started(), Start);
        books.Happen(Update(books, 0, loss: 100), Start);
        books.Happen(new UpdateAdded(0, 1), Start);
        var later = books.State.Current.Deadline;
        books.Happen(new TimePassed(), later);
        Assert.Equal((1, 2), (books.State.Current.Round, books.State.Current.Attempt));
        PlayRound(books);
        Assert.Equal(Start, books.Opened);
        Assert.Equal(100 + 100 + 101 + 102, books.UplinkBytes);
        Assert.Equal(1, books.Figures(null, 0, 0).TrainingLoss);
        books.Happen(new ModelApplied(), later);
        Assert.Equal((later, 0), (books.Opened, books.UplinkBytes));
    }

    [Fact]
    public void Notes_are_as_many_and_as_long_as_the_host_keeps()
    {
        var books = Open(participants: 9, notes: new NoteLimit(2, 30));
        books.Happen(new Started(), Start);
        for (int client = 0; client < 9; client++)
            books.Happen(new ClientDropped(client) { Problem = client < 5 ? new string('x', 99) : null }, Start);
        Assert.Equal(["Client 0 sent no update: xxxxx...", "Client 1 sent no update: xxxxx..."], books.Refused);
    }

    [Fact]
    public void Every_so_many_rounds_are_measured_and_the_last() =>
        Assert.Equal([3, 6, 7], Enumerable.Range(1, 7).Where(Open(rounds: 7, measureEvery: 3).IsMeasured));

    [Fact]
    public void The_same_events_make_the_same_books_from_a_state_that_was_kept()
    {
        var played = Open();
        played.Happen(new Started(), Start);
        PlayRound(played);
        played.Happen(new ModelApplied(), Start);
        var again = Open();
        again.Restore(played.State, Start, played.SettledIn(1));
        foreach (var books in (RoundBooks[])[played, again])
            PlayRound(books, invalid: 0);
        Assert.Equal(played.State.Norms, again.State.Norms);
        Assert.Equal(played.SettledIn(1).Concat(played.SettledIn(2)), again.SettledIn(1).Concat(again.SettledIn(2)));
        Assert.Equivalent(played.Figures(null, 7, 8), again.Figures(null, 7, 8), strict: true);
        var after = Open();
        after.RestoreAfter([1.0], Start);
        Assert.Equal(played.State.Current.Participants, after.State.Current.Participants);
    }

    static void PlayRound(RoundBooks books, int? invalid = null)
    {
        for (int client = 0; client < 3; client++)
        {
            books.Happen(Update(books, client), Start);
            books.Happen(client == invalid ? new UpdateInvalid(client, "not finite") : new UpdateAdded(client, 1), Start);
        }
    }
}
