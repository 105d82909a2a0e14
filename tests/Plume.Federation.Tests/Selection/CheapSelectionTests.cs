using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Budgets;
using Plume.Federation.Privacy;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.Selection;
using Plume.Federation.Tests.Rounds;

namespace Plume.Federation.Tests.Selection;

public class CheapSelectionTests
{
    static FederationPlan Plan(int clients, int participants, int rounds, int percent) =>
        Host.Plan(clients, participants, rounds) with
        {
            Downlink = Codec.Parse("delta | deadzone(abs=0.0078125) | range"),
            Selection = new(percent),
        };

    [Fact]
    public void Its_uniform_part_is_a_uniform_draw_and_the_rest_are_those_that_answered_last()
    {
        var draws = new RandomDraws(RandomKey.FromSeed(5));
        for (ulong trial = 0; trial < 300; trial++)
        {
            int clients = 1 + draws.NextInt(30), count = 1 + draws.NextInt(clients), percent = 1 + draws.NextInt(100);
            int[] last = [.. Enumerable.Range(0, clients).Select(_ => draws.NextInt(6))];
            var key = RandomKey.FromSeed(trial);
            int[] drawn = new CheapSelection(percent).Select(clients, count, key, client => last[client]);
            Assert.Equal(drawn.Order().Distinct(), drawn);
            Assert.Equal(count, drawn.Length);
            int[] uniform = UniformSelection.Select(clients, (int)Math.Ceiling(count * percent / 100m), key);
            Assert.Subset(drawn.ToHashSet(), uniform.ToHashSet());
            int[] rest = [.. drawn.Except(uniform)];
            Assert.True(rest.Length == 0 || rest.Min(client => last[client])
                >= Enumerable.Range(0, clients).Except(drawn).Select(client => last[client]).DefaultIfEmpty(0).Max());
            Assert.Equal(UniformSelection.Select(clients, count, key), new CheapSelection(100).Select(clients, count, key,
                client => last[client]));
        }
    }

    [Fact]
    public void Those_of_one_round_are_most_of_the_next_and_yet_nobody_is_left_out_for_ever()
    {
        const int rounds = 300;
        var host = new Host(Plan(clients: 30, participants: 5, rounds, percent: 20));
        host.Tell(new Started());
        while (host.State.Phase == Phase.Collecting)
            host.Arrive(host.State.Standings.First(entry => entry.Value == Standing.Asked).Key);
        Assert.True(host.Finished);
        Assert.All(host.Contributors.Zip(host.Contributors.Skip(1)), pair =>
            Assert.InRange(pair.First.Intersect(pair.Second).Count(), 4, 5));
        // By the uniform part alone each is in one round of thirty.
        Assert.All(Enumerable.Range(0, 30), client =>
            Assert.InRange(host.Contributors.Count(round => round.Contains(client)), 5, rounds));
    }

    [Fact]
    public void Who_answered_counts_and_who_was_only_asked_does_not_and_a_place_that_is_given_back_is_as_new()
    {
        var host = new Host(Plan(clients: 8, participants: 3, rounds: 9, percent: 1) with { Quorum = 2 });
        host.Tell(new Started());
        int[] asked = [.. host.State.Current.Participants];
        host.Arrive(asked[0]);
        host.Arrive(asked[1]);
        host.PassDeadline();
        Assert.Equal([(asked[0], 1), (asked[1], 1)], host.State.LastRounds.Select(entry => (entry.Key, entry.Value)));
        host.Tell(new PlaceVacated(asked[0], Forgives: true));
        host.Tell(new ClientJoined(asked[0]));
        Assert.Equal(asked[1], Assert.Single(host.State.LastRounds).Key);
    }

    [Fact]
    public void A_run_goes_on_with_who_answered_when()
    {
        var plan = Plan(clients: 20, participants: 5, rounds: 9, percent: 20);
        var once = new Host(plan, seed: 4);
        once.Tell(new Started());
        while (once.State.Current.Round < 4)
            once.Arrive(once.State.Standings.First(entry => entry.Value == Standing.Asked).Key);
        var again = new FederationMachine(plan, RandomKey.FromSeed(4), Host.ModelNorm)
            .After(3, [1, 1, 1], default, new CarriedOver { LastRounds = once.State.LastRounds });
        Assert.Equal(once.State.Current.Participants, again.Current.Participants);
    }

    [Theory]
    [InlineData("cheap", "cheap")]
    [InlineData(" cheap( uniform=20% ) ", "cheap")]
    [InlineData("cheap(uniform=1%)", "cheap(uniform=1%)")]
    public void The_notation_reads_back(string line, string printed) =>
        Assert.Equal(printed, CheapSelection.Parse(line)!.ToString());

    [Theory]
    [InlineData("cheep", "'cheep' is no selection; known are uniform, cheap")]
    [InlineData("cheap(50%)", "'50%' is not an argument of cheap; it takes uniform=...")]
    [InlineData("cheap(uniform=0%)", "'0%' must be a share of each draw from 1% to 100%")]
    [InlineData("cheap(uniform=0.5)", "'0.5' must be a share")]
    [InlineData("uniform | cheap", "nothing can stand after 'uniform'")]
    public void A_line_with_a_mistake_says_where(string line, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => CheapSelection.Parse(line)).Message,
            StringComparison.Ordinal);

    public static TheoryData<string, string> Misfits => new()
    {
        { "downlink", "everybody downloads as much: let the downlink begin with 'delta'" },
        { "fixed", "let the partition name none, or leave the selection out" },
        { "buffered", "let the rhythm be synchronous" },
        { "privacy", "whose budget is spent soon" },
        { "secure", "what two sums differ by then tells of single ones" },
        { "rule", "'median' withstands so many hostile clients in a round" },
        { "budget", "Where each client has a budget" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void What_does_not_fit_it_is_refused_with_what_does(string what, string problem)
    {
        var plan = Plan(clients: 20, participants: 10, rounds: 5, percent: 20);
        Assert.Empty((plan with { Budget = new(50_000, BudgetScope.Federation) }).Problems());
        plan = what switch
        {
            "downlink" => plan with { Downlink = Codec.Floats },
            "fixed" => plan with { Fixed = [.. Enumerable.Repeat(new[] { 1, 2, 3 }, 5)] },
            "buffered" => plan with { Buffered = new Buffered(5) },
            "privacy" => plan with { Privacy = new DifferentialPrivacy(1, 1e-5, 10), Uplink = Codec.Parse("clip(1) | pack") },
            "secure" => plan with { Uplink = Codec.Parse("rotate | uniform(4, shared) | secure") },
            "rule" => plan with { Rule = new CoordinateMedian(), Quorum = 5 },
            _ => plan with { Budget = new(50_000, BudgetScope.Client) },
        };
        Assert.Contains(plan.Problems(), sentence => sentence.Contains(problem, StringComparison.Ordinal));
    }
}
