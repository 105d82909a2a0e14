using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Rounds;
using Plume.Federation.Selection;

namespace Plume.Federation.Tests.Rounds;

public class FederationMachineTests
{
    /// <summary>Everything that can happen to three clients, as a step on a host.</summary>
    static readonly Action<Host>[] Happenings =
    [
        host => host.Arrive(0), host => host.Arrive(1), host => host.Arrive(2),
        host => host.Arrive(1, valid: false),
        host => host.Tell(new ClientDropped(0)), host => host.Tell(new PlaceVacated(2, Forgives: false)),
        host => host.Tell(new UpdateArrived(2, host.State.Current.Round - 1, 1, 0, 5)),
        host => host.Tell(new UpdateArrived(1, host.State.Current.Round, host.State.Current.Attempt, 7, 5)),
        host => host.PassDeadline(),
    ];

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(3, 3)]
    public void No_order_of_events_breaks_a_promise(int quorum, int participants)
    {
        const int length = 5;
        int sequences = (int)Math.Pow(Happenings.Length, length);
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            var host = new Host(Host.Plan(clients: 3, participants, rounds: 2, quorum, attempts: 2));
            host.Tell(new Started());
            for (int step = 0, rest = sequence; step < length; step++, rest /= Happenings.Length)
                Happenings[rest % Happenings.Length](host);
            Assert.Equal(Enumerable.Range(1, host.RoundsApplied.Count), host.RoundsApplied);
            Assert.Equal(host.State.Phase == Phase.Finished, host.Finished);
            Assert.Equal(host.State.Phase == Phase.Abandoned, host.Abandoned is not null);
        }
    }

    [Theory]
    [InlineData("feedback | auto | range", 100, 1)]
    [InlineData("feedback | auto | range", 1000, 1)]
    [InlineData("feedback | auto | range", 40, 1.5811)]
    [InlineData("feedback | auto | range", 10, 2)]
    [InlineData("feedback | auto(1pt) | range", 10, 1)]
    [InlineData("auto | range", 10, 1)]
    public void Where_feedback_makes_up_for_it_steps_are_coarser_by_the_root_of_the_share_that_takes_part(string uplink,
        int clients, double times)
    {
        var codec = Codec.Parse(uplink);
        var plan = Host.Plan(clients, participants: 10, rounds: 1) with { Uplink = codec };
        float step = plan.StepIn(new RoundPlan(2, 1, 1, [0], default) { Spread = 0.01 })!.Value;
        Assert.InRange(step / codec.StepAt(0.01), times * 0.98, times * 1.02);
    }

    [Fact]
    public void Thousands_of_rounds_with_losses_and_lies_go_on_to_the_end()
    {
        const int rounds = 2000;
        var host = new Host(Host.Plan(clients: 20, participants: 5, rounds, quorum: 2, overSelection: 1.6, attempts: 50));
        var draws = new RandomDraws(RandomKey.FromSeed(7));
        host.Tell(new Started());
        for (int step = 0; step < 200_000 && !host.Finished; step++)
        {
            int client = draws.NextInt(20);
            switch (draws.NextInt(12))
            {
                case 0:
                    host.Tell(new ClientDropped(client));
                    break;
                case 1:
                    host.Arrive(client, valid: false);
                    break;
                case 2:
                    host.Tell(new UpdateArrived(client, host.State.Current.Round + draws.NextInt(3) - 1, 1, draws.NextInt(3),
                        draws.NextInt(20)));
                    break;
                case 3:
                    host.PassDeadline();
                    break;
                default:
                    host.Arrive(client);
                    break;
            }
        }

        Assert.True(host.Finished);
        Assert.Equal(rounds, host.RoundsApplied.Count);
        Assert.Superset(new HashSet<Refusal> { Refusal.NotAsked, Refusal.Stale, Refusal.Duplicate, Refusal.Invalid },
            host.Refused.Select(refused => refused.Reason).ToHashSet());
    }

    [Fact]
    public void A_round_without_its_quorum_is_tried_with_others_and_then_given_up()
    {
        var host = new Host(Host.Plan(clients: 30, participants: 4, rounds: 1, quorum: 2, attempts: 3));
        host.Tell(new Started());
        for (int attempt = 1; attempt <= 3; attempt++)
        {
            Assert.Equal(attempt, host.State.Current.Attempt);
            host.Arrive(host.State.Current.Participants[0]);
            host.PassDeadline();
        }

        Assert.Equal("Round 1 needs 2 updates, but got 1 in the last of 3 attempts.", host.Abandoned);
        Assert.Equal(3, host.Published.Select(plan => string.Join(',', plan.Participants)).Distinct().Count());
    }

    [Fact]
    public void A_member_that_never_answers_holds_up_ever_fewer_rounds()
    {
        var host = WithOneSilent(_ => { });
        // Asked in rounds 1, 3, 6, 11, 20, 37, 70, 135: after each miss twice as many go by.
        Assert.Equal([1, 3, 6, 11, 20, 37, 70, 135], host.Published.Where(plan => plan.Participants.Contains(Silent))
            .Select(plan => plan.Round));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_caller_that_comes_again_under_new_names_holds_up_no_more_rounds_than_one_that_stays(int misses)
    {
        var host = WithOneSilent(host =>
        {
            if (host.State.Absences[Silent].Own < misses)
                return;
            host.Tell(new PlaceVacated(Silent, Forgives: false));
            Assert.Equal(0, host.State.Absences[Silent].Own);
            host.Tell(new ClientJoined(Silent));
        });
        Assert.Equal(8, host.Published.Count(plan => plan.Participants.Contains(Silent)));
    }

    const int Silent = 3;

    // A federation of five, one of whom lets every deadline pass that it could.
    static Host WithOneSilent(Action<Host> afterMiss)
    {
        var host = new Host(Host.Plan(clients: 5, participants: 5, rounds: 199, quorum: 2));
        host.Tell(new Started());
        int stalled = 0;
        while (!host.Finished)
        {
            foreach (int client in host.State.Current.Participants.Where(client => client != Silent).ToArray())
                host.Arrive(client);
            if (host.Finished || !host.State.Standings.ContainsKey(Silent) || host.State.Added == 0)
                continue;
            stalled++;
            host.PassDeadline();
            afterMiss(host);
        }

        Assert.Equal(stalled, host.Published.Count(plan => plan.Participants.Contains(Silent)));
        return host;
    }

    [Fact]
    public void An_update_that_counts_forgives_what_was_missed()
    {
        var host = new Host(Host.Plan(clients: 3, participants: 3, rounds: 5));
        host.Tell(new Started());
        Answer(0, 1);
        host.PassDeadline();
        Assert.Equal(new Absence(1, 0), host.State.Absences[2]);
        Assert.Equal([0, 1], host.State.Current.Participants);
        Answer(0, 1);
        Assert.Equal([0, 1, 2], host.State.Current.Participants);
        Answer(0, 1, 2);
        Assert.Empty(host.State.Absences);
        Assert.Equal([0, 1, 2], host.State.Current.Participants);

        void Answer(params int[] clients) => Array.ForEach(clients, client => host.Arrive(client));
    }

    [Fact]
    public void Where_too_few_others_are_left_those_that_missed_are_asked_all_the_same()
    {
        var host = new Host(Host.Plan(clients: 4, participants: 4, rounds: 2, quorum: 3));
        host.Tell(new Started());
        host.Arrive(0);
        host.PassDeadline();
        Assert.Equal((1, 2), (host.State.Current.Round, host.State.Current.Attempt));
        Assert.Equal([0, 1, 2, 3], host.State.Current.Participants);
    }

    [Fact]
    public void With_over_selection_the_first_to_answer_count_and_the_rest_are_late()
    {
        var host = new Host(Host.Plan(clients: 10, participants: 4, rounds: 1, overSelection: 1.5));
        host.Tell(new Started());
        int[] asked = [.. host.State.Current.Participants];
        Assert.Equal(6, asked.Length);
        foreach (int client in asked)
            host.Tell(new UpdateArrived(client, 1, 1, 0, 5));
        Assert.Equal([1], host.RoundsApplied);
        Assert.Equal([Refusal.Late, Refusal.Late], host.Refused.Select(refused => refused.Reason));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void An_update_of_no_samples_is_refused(int samples)
    {
        var host = new Host(Host.Plan(clients: 2, participants: 2, rounds: 1));
        host.Tell(new Started());
        host.Arrive(0, samples);
        Assert.Equal($"The update of client 0 is refused: its samples must be 1 or more, but are {samples}.",
            Assert.Single(host.Refused).Message);
    }

    [Theory]
    [InlineData(1, 0.1)]
    [InlineData(10, 1)]
    [InlineData(11, 1)]
    [InlineData(40, 1)]
    [InlineData(int.MaxValue, 1)]
    public void An_update_of_more_samples_than_the_cap_weighs_as_the_cap_and_that_is_said(int samples, double weight)
    {
        var plan = Host.Plan(clients: 2, participants: 2, rounds: 1);
        var machine = new FederationMachine(plan, RandomKey.FromSeed(1), Host.ModelNorm);
        var (open, _) = machine.Step(FederationState.Initial, new Started(), DateTimeOffset.UnixEpoch);
        var (state, commands) = machine.Step(open, new UpdateArrived(1, 1, 1, 0, samples), DateTimeOffset.UnixEpoch);
        Assert.Equal(weight, state.Weights[1]);
        Assert.Equal(new AddUpdate(1, weight), commands[0]);
        string? said = samples > 10
            ? $"The update of client 1 in round 1 weighs as one of 10 samples, the most that one can, and was made from "
                + $"{samples}." : null;
        Assert.Equal(said, commands.OfType<ReportBounded>().SingleOrDefault()?.Message);
        Assert.Equal(said is null, plan.CapOn(samples) is null);
    }

    [Fact]
    public void Whoever_has_a_vacated_number_next_starts_with_nothing_of_the_one_before()
    {
        var host = new Host(Host.Plan(clients: 4, participants: 4, rounds: 9));
        host.Tell(new Started());
        host.Arrive(0);
        host.PassDeadline();
        Assert.Equal([1, 2, 3], host.State.Absences.Keys);
        host.Tell(new PlaceVacated(2, Forgives: true));
        Assert.Equal([1, 3], host.State.Absences.Keys);
        Assert.Equal([0, 1, 3], host.State.Members);
        host.Tell(new ClientJoined(2));
        host.Arrive(0);
        // It is asked at once; the others rest.
        Assert.Contains(2, host.State.Current.Participants);
    }

    [Fact]
    public void A_round_does_not_wait_for_a_number_that_nobody_has_and_keeps_what_it_sent()
    {
        var host = new Host(Host.Plan(clients: 3, participants: 3, rounds: 2, quorum: 2));
        host.Tell(new Started());
        host.Arrive(0);
        host.Tell(new PlaceVacated(0, Forgives: true));
        host.Arrive(1);
        Assert.Empty(host.RoundsApplied);
        host.Tell(new PlaceVacated(2, Forgives: true));
        Assert.Equal([1], host.RoundsApplied);
        Assert.Empty(host.State.Absences);
        Assert.Equal(Phase.Waiting, host.State.Phase);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_member_that_takes_work_and_goes_is_asked_less_and_one_that_says_it_cannot_is_not(bool isMissed)
    {
        var host = new Host(Host.Plan(clients: 3, participants: 3, rounds: 9));
        host.Tell(new Started());
        host.Tell(new ClientDropped(1, isMissed));
        host.Tell(new ClientDropped(1, isMissed));
        Assert.Equal(isMissed ? [1] : [], host.State.Absences.Keys);
        host.Arrive(0);
        host.Arrive(2);
        Assert.Equal(isMissed ? [0, 2] : [0, 1, 2], host.State.Current.Participants);
    }

    [Fact]
    public void A_host_that_reports_what_it_was_not_told_to_do_is_told_so()
    {
        var host = new Host(Host.Plan(clients: 2, participants: 2, rounds: 1));
        host.Tell(new Started());
        Assert.Throws<InvalidOperationException>(() => host.Tell(new UpdateAdded(0, 1)));
        Assert.Throws<InvalidOperationException>(() => host.Tell(new ModelApplied()));
    }

    [Fact]
    public void All_problems_of_a_plan_are_listed()
    {
        var plan = Host.Plan(clients: 3, participants: 4, rounds: 0, quorum: 9, overSelection: 0.5, attempts: 0);
        Assert.Equal(5, plan.Problems().Count());
        Assert.Contains("The quorum must be 1 to 4",
            Assert.Throws<ArgumentException>(() => new FederationMachine(plan, RandomKey.FromSeed(1), 1)).Message);
    }

    [Fact]
    public void Selection_favours_nobody()
    {
        var counts = new int[20];
        for (ulong round = 0; round < 4000; round++)
        {
            int[] selected = UniformSelection.Select(20, 5, RandomKey.FromSeed(round));
            Assert.Equal(selected.Distinct().Order(), selected);
            foreach (int client in selected)
                counts[client]++;
        }

        // Chi-square with 19 degrees of freedom, each count of variance 4000 * 0.25 * 0.75; five deviations above its mean.
        Assert.InRange(counts.Sum(count => Math.Pow(count - 1000, 2) / 750), 0, 19 + 5 * Math.Sqrt(38));
    }

    [Fact]
    public void Selection_leaves_no_kind_shortsand_is_uniform_where_none_is()
    {
        int shorts = 0;
        for (ulong round = 0; round < 500; round++)
        {
            var key = RandomKey.FromSeed(round);
            int[] plain = UniformSelection.Select(40, 12, key), selected = UniformSelection.Select(40, 12, key, Kind, 3);
            Assert.Equal(selected.Distinct().Order(), selected);
            Assert.Equal(12, selected.Length);
            int[] drawn = [.. Enumerable.Range(0, 3).Select(kind => plain.Count(client => Kind(client) == kind))];
            for (int kind = 0; kind < 3; kind++)
                Assert.InRange(selected.Count(client => Kind(client) == kind), 3, 12);
            if (drawn.Min() >= 3)
                Assert.Equal(plain, selected);
            else
                shorts++;
        }

        Assert.InRange(shorts, 50, 450);
        // Kinds of which there are too few are all in it; where all are asked there is nothing to choose.
        Assert.Equal([0, 1], UniformSelection.Select(40, 12, RandomKey.FromSeed(1), client => client < 2 ? 0 : 1, 3)[..2]);
        Assert.Equal(Enumerable.Range(0, 9), UniformSelection.Select(9, 12, RandomKey.FromSeed(1), Kind, 4));

        // Six of forty are of the last kind.
        static int Kind(int client) => client < 17 ? 0 : client < 34 ? 1 : 2;
    }
}
