using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Privacy;
using Plume.Federation.Privacy.Matrix;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;

namespace Plume.Federation.Tests.Rounds;

public class ExtendedFederationTests
{
    static readonly FederationPlan Plan = Host.Plan(clients: 6, participants: 3, rounds: 4, quorum: 2) with { StartWith = 5 };

    [Fact]
    public void One_that_is_finished_gathers_its_clients_as_before_the_first_round_and_goes_on_to_the_new_end()
    {
        var host = Finished(Plan);
        host.Tell(new Extended(7));
        Assert.Equal((Phase.Waiting, 5, 0), (host.State.Phase, host.State.Current.Round, host.State.Members.Count));
        for (int client = 0; client < 5; client++)
        {
            Assert.Equal(Phase.Waiting, host.State.Phase);
            host.Tell(new ClientJoined(client));
        }

        Assert.Equal((Phase.Collecting, 5, 4), (host.State.Phase, host.State.Current.Round, host.State.Current.ModelVersion));
        // Later rounds need the quorum alone.
        for (int client = 2; client < 5; client++)
            host.Tell(new ClientLeft(client));
        Play(host);
        Assert.Equal(Phase.Finished, host.State.Phase);
        Assert.Equal(Enumerable.Range(1, 7), host.RoundsApplied);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void One_that_gets_more_rounds_before_its_end_does_what_one_does_whose_plan_has_so_many(int after)
    {
        var (planned, extended) = (new Host(Plan with { Rounds = 9 }), new Host(Plan));
        planned.Tell(new Started());
        extended.Tell(new Started());
        Play(extended, after);
        extended.Tell(new Extended(9));
        Play(planned);
        Play(extended);
        Assert.Equal(planned.Published.Select(Drawn), extended.Published.Select(Drawn));
        Assert.Equal(planned.State.RoundNorms, extended.State.RoundNorms);
        Assert.Equal(Enumerable.Range(1, 9), extended.RoundsApplied);
    }

    [Fact]
    public void One_that_is_finished_and_goes_on_with_all_its_clients_draws_them_as_if_it_had_never_ended()
    {
        var planned = new Host(Plan with { Rounds = 9 });
        planned.Tell(new Started());
        Play(planned);
        var extended = Finished(Plan);
        extended.Tell(new Extended(6));
        Gather(extended);
        Play(extended);
        extended.Tell(new Extended(9));
        Gather(extended);
        Play(extended);
        // The first round that opens again is drawn when five of six are there.
        Assert.Equal(planned.Published.Where(round => round.Round is not (5 or 7)).Select(Drawn),
            extended.Published.Where(round => round.Round is not (5 or 7)).Select(Drawn));
    }

    [Fact]
    public void Buffered_rounds_go_on_too_and_who_was_at_work_at_the_end_is_asked_anew()
    {
        var plan = Host.Plan(clients: 4, participants: 3, rounds: 2) with { Buffered = new Buffered(2), StartWith = 2 };
        var books = new RoundBooks(plan, RandomKey.FromSeed(1), Host.ModelNorm, NoteLimit.None);
        Happen(books, new Started());
        PlayBuffered(books, toVersion: 2);
        Assert.Equal(Phase.Finished, books.State.Phase);
        Happen(books, new Extended(4));
        Assert.Equal((Phase.Waiting, 0, 0), (books.State.Phase, books.State.Tasks.Count, books.State.Members.Count));
        Happen(books, new ClientJoined(3));
        Assert.Equal(Phase.Waiting, books.State.Phase);
        Happen(books, new ClientJoined(1));
        Assert.Equal(Phase.Collecting, books.State.Phase);
        Assert.Equal([1, 3], books.State.Tasks.Keys);
        Happen(books, new ClientJoined(0));
        PlayBuffered(books, toVersion: 4);
        Assert.Equal((Phase.Finished, 4), (books.State.Phase, books.State.Current.Round));
    }

    [Fact]
    public void One_that_was_stopped_or_abandoned_has_no_further_rounds()
    {
        var stopped = new Host(Plan);
        stopped.Tell(new Started());
        stopped.Tell(new Stopped());
        RefusedExtension(stopped, 9, "It was stopped, which is for good.");
        var abandoned = new Host(Plan);
        abandoned.Tell(new Started());
        while (abandoned.Abandoned is null)
            abandoned.PassDeadline();
        RefusedExtension(abandoned, 9, "It was abandoned, since a round did not find its quorum, which is for good.");
    }

    [Fact]
    public void More_rounds_must_be_more_and_such_as_the_plan_can_have()
    {
        var host = Finished(Plan);
        RefusedExtension(host, 4, "It has 4 rounds already, of which 4 are done: give it more than that, all told.");
        RefusedExtension(host, 1_000_001, "It may have 1000000 rounds at most, not 1000001.");
        var running = new Host(Plan);
        running.Tell(new Started());
        RefusedExtension(running, 2, "It has 4 rounds already, of which 0 are done: give it more than that, all told.");
        RefusedExtension(Finished(Plan with { Fixed = [[0, 1], [0, 1], [0, 1], [0, 1], [0, 1]] }), 6,
            "Who takes part is fixed for 5 rounds, so it may have 5 at most, not 6.");
        RefusedExtension(Finished(Plan with { Schedule = RateSchedule.Parse("cosine") }), 6,
            "The schedule 'cosine' lets the learning rate go to nearly zero by round 4, so that further rounds would learn nothing.");
    }

    [Fact]
    public void A_rate_that_drops_stays_what_it_was_in_the_last_round()
    {
        var plan = Plan with { Schedule = RateSchedule.Parse("step(0.1, 2)") };
        Assert.Equal(plan.ObjectiveIn(4), plan.ObjectiveIn(7));
    }

    [Fact]
    public void A_budget_of_privacy_that_is_spent_pays_for_no_further_round()
    {
        var privacy = new DifferentialPrivacy(Epsilon: 4, Delta: 1e-5, Noise: 5);
        var plan = Plan with
        {
            Participants = 6,
            Quorum = 6,
            StartWith = 6,
            SampleCap = null,
            Uplink = Codec.Parse("clip(1) | pack"),
            Privacy = privacy,
        };
        int paid = Enumerable.Range(1, 1000).TakeWhile(rounds => privacy.Spent(rounds) <= 4).Last();
        var host = Finished(plan with { Rounds = paid });
        RefusedExtension(host, paid + 1, $"The privacy budget of epsilon 4 is spent: of 6 clients 0 have some left for another "
            + "round, and a round needs 6.");
        var poor = Finished(plan with { Rounds = paid - 1 });
        poor.Tell(new Extended(paid + 5));
        Gather(poor);
        Play(poor);
        // It ends when the budget does, and not before.
        Assert.Equal((Phase.Finished, paid), (poor.State.Phase, poor.State.Current.Round));
        RefusedExtension(poor, paid + 9, $"The privacy budget of epsilon 4 is spent: of 6 clients 0 have some left for another "
            + "round, and a round needs 6.");
    }

    [Fact]
    public void Noise_that_is_made_for_a_number_of_rounds_bounds_them()
    {
        var host = new Host(Plan with
        {
            Participants = 2,
            Rounds = 3,
            SampleCap = null,
            Uplink = Codec.Parse("clip(1) | pack"),
            Privacy = new DifferentialPrivacy(Noise: 5, Delta: 1e-5, Epsilon: 8) { Matrix = new MatrixMechanism(3) },
        });
        host.Tell(new Started());
        RefusedExtension(host, 4, "The noise of 'matrix(3)' is made for 3 rounds, and further ones would break what privacy promises.");
    }

    static (int, int, string) Drawn(RoundPlan round) => (round.Round, round.Attempt, string.Join(' ', round.Participants));

    static Host Finished(FederationPlan plan)
    {
        var host = new Host(plan);
        host.Tell(new Started());
        Play(host);
        Assert.Equal(Phase.Finished, host.State.Phase);
        return host;
    }

    static void Gather(Host host)
    {
        for (int client = 0; client < 6; client++)
            host.Tell(new ClientJoined(client));
    }

    static void Play(Host host, int rounds = int.MaxValue)
    {
        for (int end = host.RoundsApplied.Count + Math.Min(rounds, 1000); host.State.Phase == Phase.Collecting
            && host.RoundsApplied.Count < end;)
            host.Arrive(host.State.Current.Participants.First(client => host.State.Standings[client] == Standing.Asked));
    }

    static void RefusedExtension(Host host, int rounds, string problem)
    {
        Assert.Equal(problem, host.WhyNotExtended(rounds));
        var before = host.State;
        host.Tell(new Extended(rounds));
        Assert.Same(before, host.State);
    }

    static void Happen(RoundBooks books, FederationEvent happened) => books.Happen(happened, default);

    static void PlayBuffered(RoundBooks books, int toVersion)
    {
        while (books.State.Phase != Phase.Finished && books.State.Current.ModelVersion < toVersion)
        {
            if (books.State.Phase == Phase.Applying)
            {
                Happen(books, new ModelApplied());
                continue;
            }

            var task = books.State.Tasks.Values.First(task => books.State.Standings[task.Part.Client] == Standing.Asked);
            var (round, attempt, client) = task.Part;
            Happen(books, new UpdateArrived(client, round, attempt, books.State.Current.ModelVersion, Samples: 5));
            Happen(books, new UpdateAdded(client, 1));
        }
    }
}
