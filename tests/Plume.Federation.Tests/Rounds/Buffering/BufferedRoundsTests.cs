using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Corrections;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Methods.Partial;
using Plume.Federation.Privacy;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.Selection;

namespace Plume.Federation.Tests.Rounds.Buffering;

public class BufferedRoundsTests
{
    /// <summary>Everything that can happen to three clients, as a step on a host.</summary>
    static readonly Action<BufferedHost>[] Happenings =
    [
        host => host.Answer(0), host => host.Answer(1), host => host.Answer(2), host => host.Answer(1, valid: false),
        host => host.Tell(new ClientDropped(0)), host => host.Tell(new PlaceVacated(2, Forgives: false)),
        host => host.Tell(new ClientJoined(2)), host => host.Answer(2, samples: 0),
        host => host.Tell(new UpdateArrived(1, host.State.Current.Round, 99, 0, 5)),
        host => host.Tell(new TimePassed()), host => host.Tell(host.State.IsPaused ? new Resumed() : new Paused()),
    ];

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    [InlineData(2, 3)]
    public void No_order_of_events_breaks_a_promise(int updates, int atWork)
    {
        const int length = 5;
        int sequences = (int)Math.Pow(Happenings.Length, length);
        for (int sequence = 0; sequence < sequences; sequence += 37)
        {
            var host = new BufferedHost(BufferedHost.Plan(clients: 3, atWork, updates, rounds: 2));
            host.Tell(new Started());
            for (int step = 0, rest = sequence; step < length; step++, rest /= Happenings.Length)
                Happenings[rest % Happenings.Length](host);
            Assert.Equal(host.State.Phase == Phase.Finished, host.Finished);
        }
    }

    [Fact]
    public void Thousands_of_rounds_with_losses_and_lies_go_on_to_the_end_and_come_out_alike_again()
    {
        var hosts = Enumerable.Range(0, 2).Select(_ => Chaos(rounds: 500)).ToArray();
        Assert.All(hosts, host => Assert.True(host.Finished));
        Assert.Equal(hosts[0].Asked, hosts[1].Asked);
        Assert.Superset(new HashSet<Refusal> { Refusal.NotAsked, Refusal.Stale, Refusal.Duplicate, Refusal.Invalid,
            Refusal.TooOld, Refusal.WrongVersion, Refusal.Samples },
            hosts[0].Refused.Select(refused => refused.Reason).ToHashSet());
        Assert.Contains(hosts[0].Figures, round => round.MostStale == 3);
        Assert.All(hosts[0].Figures, round => Assert.InRange(round.Staleness!.Value, 0, 3));
    }

    static BufferedHost Chaos(int rounds)
    {
        var host = new BufferedHost(BufferedHost.Plan(clients: 20, atWork: 9, updates: 4, rounds, stale: 3));
        var draws = new RandomDraws(RandomKey.FromSeed(7));
        host.Tell(new Started());
        for (int step = 0; step < 100_000 && !host.Finished; step++)
        {
            // The higher its number, the longer a client takes.
            int client = Math.Min(draws.NextInt(20), draws.NextInt(20));
            int round = host.State.Current.Round;
            switch (draws.NextInt(24))
            {
                case 0:
                    host.Tell(new ClientDropped(client, IsMissed: draws.NextInt(2) == 0));
                    break;
                case 1:
                    host.Answer(client, valid: false);
                    break;
                case 2:
                    host.Answer(client, samples: draws.NextInt(2));
                    break;
                case 3:
                    host.Tell(new UpdateArrived(client, round - draws.NextInt(2), 1 + draws.NextInt(5), round - 1, 5));
                    break;
                case 4 when host.State.Tasks.TryGetValue(client, out var task):
                    host.Tell(new UpdateArrived(client, task.Part.Round, task.Part.Attempt, round + draws.NextInt(3) - 1, 5));
                    break;
                case 5 when draws.NextInt(10) == 0
                    && host.State.Standings.GetValueOrDefault(client, Standing.Out) == Standing.Asked:
                    host.PassDeadlineOf(client);
                    break;
                default:
                    host.Answer(client);
                    break;
            }
        }

        return host;
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0.707106781)]
    [InlineData(3, 0.5)]
    [InlineData(8, 0.333333333)]
    public void An_update_weighs_less_the_more_versions_were_made_since_its_own(int staleness, double weight)
    {
        Assert.Equal(weight, Buffered.WeightOf(staleness), 1e-9);
        var plan = BufferedHost.Plan(clients: 2, atWork: 2, updates: 1, rounds: 20);
        var host = new BufferedHost(plan);
        host.Tell(new Started());
        var slow = host.State.Tasks[0];
        for (int round = 0; round < staleness; round++)
            host.Answer(1);
        var machine = new FederationMachine(plan, RandomKey.FromSeed(1), Host.ModelNorm);
        var (state, commands) = machine.Step(host.State, new UpdateArrived(0, slow.Part.Round, slow.Part.Attempt, 0, 5), default);
        Assert.Equal(weight, ((AddUpdate)Assert.Single(commands)).Weight, 1e-9);
        Assert.Equal(weight, state.Weights[0], 1e-9);
        // It is divided as if it were fresh, so its step is that much smaller.
        Assert.Equal([1.0], plan.WeightsByCapacity([KeyValuePair.Create(0, 5)]));
    }

    [Fact]
    public void One_that_is_too_old_is_refused_by_its_rule_and_its_client_is_asked_anew()
    {
        var host = new BufferedHost(BufferedHost.Plan(clients: 2, atWork: 2, updates: 1, rounds: 9, stale: 1));
        host.Tell(new Started());
        host.Answer(1);
        host.Answer(1);
        host.Answer(0);
        Assert.Equal((Refusal.TooOld, "The update of client 0 is refused: it was made from version 0, 2 before the newest, and may be 1 "
            + "behind."), (host.Refused[0].Reason, host.Refused[0].Message));
        Assert.Equal(1, host.State.Failed);
        host.Answer(1);
        Assert.Equal(3, host.State.Tasks[0].Version);
    }

    [Fact]
    public void Whoever_is_at_work_stays_there_when_a_version_is_made()
    {
        var host = new BufferedHost(BufferedHost.Plan(clients: 9, atWork: 4, updates: 2, rounds: 3));
        host.Tell(new Started());
        int[] first = [.. host.State.Current.Participants];
        host.Answer(first[0]);
        host.Answer(first[1]);
        Assert.Equal(2, host.State.Current.Round);
        Assert.Equal(4, host.State.Current.Participants.Count);
        Assert.Superset(new HashSet<int>([first[2], first[3]]), host.State.Current.Participants.ToHashSet());
        Assert.Equal([0, 0, 1], host.State.Tasks.Values.Select(task => task.Version).Order().Where((_, i) => i != 1).ToArray());
        Assert.Equal([0.0, 0], host.Figures.Select(round => round.Staleness ?? -1).Append(0).ToArray());
    }

    [Fact]
    public void A_client_that_is_late_is_replaced_and_rests_while_the_others_go_on()
    {
        var host = new BufferedHost(BufferedHost.Plan(clients: 4, atWork: 2, updates: 2, rounds: 3));
        host.Tell(new Started());
        int late = host.State.Current.Participants[0], other = host.State.Current.Participants[1];
        Assert.Equal(host.State.Tasks[late].Deadline, host.State.Current.Deadline);
        host.PassTime(TimeSpan.FromSeconds(20));
        host.Tell(new ClientDropped(other));
        host.PassDeadlineOf(late);
        Assert.Equal(new Absence(1, 1), host.State.Absences[late]);
        Assert.DoesNotContain(late, host.State.Current.Participants);
        Assert.Equal(2, host.State.Failed);
    }

    [Fact]
    public void While_it_is_paused_nobody_is_asked_and_those_at_work_end_what_they_do()
    {
        var host = new BufferedHost(BufferedHost.Plan(clients: 9, atWork: 3, updates: 2, rounds: 5));
        host.Tell(new Started());
        host.Tell(new Paused());
        foreach (int client in host.State.Current.Participants.ToArray())
            host.Answer(client);
        Assert.Equal((2, 1), (host.State.Current.Round, host.State.Added));
        Assert.Empty(host.State.Current.Participants);
        host.Tell(new Resumed());
        Assert.Equal(3, host.State.Current.Participants.Count);
    }

    [Fact]
    public void A_round_in_which_nothing_comes_that_counts_is_given_up()
    {
        var plan = BufferedHost.Plan(clients: 5, atWork: 3, updates: 2, rounds: 5) with { Attempts = 2 };
        var host = new BufferedHost(plan);
        host.Tell(new Started());
        while (host.Abandoned is null)
            host.Answer(host.State.Current.Participants[0], valid: false);
        Assert.Equal("Round 1 needs 2 updates, but has 0, and 6 that were asked for failed.", host.Abandoned);
    }

    [Fact]
    public void A_federation_that_tries_without_end_asks_as_any()
    {
        var plan = BufferedHost.Plan(clients: 5, atWork: 3, updates: 2, rounds: 1);
        var host = new BufferedHost(plan with { Attempts = int.MaxValue });
        host.Tell(new Started());
        Assert.Equal(3, host.State.Current.Participants.Count);
        host.Answer(host.State.Current.Participants[0], valid: false);
        host.Answer(host.State.Current.Participants[0]);
        host.Answer(host.State.Current.Participants[0]);
        Assert.True(host.Finished);
    }

    [Fact]
    public void Where_fewer_clients_are_there_than_make_a_version_theirs_do()
    {
        var host = new BufferedHost(BufferedHost.Plan(clients: 9, atWork: 4, updates: 5, rounds: 5) with { Quorum = 2 });
        host.Tell(new ClientJoined(3));
        Assert.Equal(Phase.Waiting, host.State.Phase);
        host.Tell(new ClientJoined(5));
        host.Answer(3);
        host.Answer(5, valid: false);
        Assert.Empty(host.Applied);
        host.Answer(5);
        Assert.Equal([3, 5], host.Applied.Single().Contributors);
        host.Tell(new ClientJoined(7));
        host.Answer(3);
        host.Answer(5);
        Assert.Single(host.Applied);
        host.Tell(new ClientDropped(7));
        Assert.Equal(2, host.Applied.Count);
    }

    [Theory]
    [InlineData("buffered(10)")]
    [InlineData("buffered(3, stale=0)")]
    public void The_notation_reads_back(string line) => Assert.Equal(line, Buffered.Parse(line)!.ToString());

    [Theory]
    [InlineData("buffered", "buffered needs the updates that make a version, such as buffered(10)")]
    [InlineData("buffered(0)", "'0' must be an integer from 1 to 1000000")]
    [InlineData("buffered(5, old=3)", "'old=3' is not an argument of buffered; it takes the updates that make a version, stale=...")]
    [InlineData("buffred(5)", "'buffred' is no rhythm; known are synchronous, buffered")]
    [InlineData("synchronous | buffered(5)", "nothing can stand after 'synchronous'")]
    public void A_line_with_a_mistake_says_where(string line, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => Buffered.Parse(line)).Message, StringComparison.Ordinal);

    public static TheoryData<string, string> Misfits => new()
    {
        { "more updates than clients", "must be 1 to 20, the number of clients, but are 30" },
        { "over-selection", "leave it out, or let more participants be at work" },
        { "fixed", "let the partition name none, or let the rhythm be synchronous" },
        { "scaffold", "'scaffold' needs those of one: train by 'averaging' (any server optimizer may follow)" },
        { "fedexp", "'fedexp' needs those of one" },
        { "prune", "needs those of one" },
        { "adapters", "needs those of one" },
        { "masks", "needs those of one" },
        { "rule", "'median' takes all alike: let the rule be the mean" },
        { "privacy", "Privacy is counted by rounds whose clients are drawn together" },
        { "secure", "A secure sum is of clients that work together" },
        { "mask", "take 'mask' out, or let the rhythm be synchronous" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void What_does_not_fit_buffered_rounds_is_refused_with_what_does(string what, string problem)
    {
        var plan = new FederationPlan(20, 5, 10, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
        {
            Buffered = new Buffered(5),
        };
        plan = what switch
        {
            "more updates than clients" => plan with { Buffered = new Buffered(30) },
            "over-selection" => plan with { OverSelection = 1.5 },
            "fixed" => plan with { Fixed = [.. Enumerable.Repeat(new[] { 1, 2, 3 }, 5)] },
            "scaffold" => plan with { Method = new Scaffold() },
            "fedexp" => plan with { Method = new FedExp() },
            "prune" => plan with { Method = new SparseTraining(0.9, 1, 3) },
            "adapters" => plan with { Method = new Adapters(2) },
            "masks" => plan with { Method = new Masks(3) },
            "rule" => plan with { Rule = new CoordinateMedian() },
            "privacy" => plan with { Privacy = new DifferentialPrivacy(1, 1e-5, 10), Uplink = Codec.Parse("clip(1) | pack") },
            "secure" => plan with { Uplink = Codec.Parse("rotate | uniform(4, shared) | secure") },
            _ => plan with { Uplink = Codec.Parse("mask | uniform(4) | rans") },
        };
        Assert.Contains(plan.Problems(), sentence => sentence.Contains(problem, StringComparison.Ordinal));
    }
}
