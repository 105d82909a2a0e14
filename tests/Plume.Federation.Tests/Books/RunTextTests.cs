using Plume.Compression.Codecs;
using System.Reflection;
using Plume.Compression.Weights;
using Plume.Federation.Books;
using Plume.Federation.Budgets;
using Plume.Federation.Capacities;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Corrections;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Books;

public class RunTextTests
{
    static readonly FederationPlan Plan = new(20, 30, 5, new LocalObjective(1, 32, 0.05),
        Codec.Floats, Codec.Parse("delta | pack"));

    static string Text(FederationPlan plan, ServerOptimizer server, ulong seed) => RunText.Of(plan, server, seed).ToString();

    // The text of a run of an earlier release must stay what it was: its fingerprint is in folders and databases.
    [Fact]
    public void A_plain_run_says_what_it_said_in_earlier_releases() => Assert.Equal(
        "seed=7\nclients=20\nrounds=30\nparticipants=5\nuplink=pack\ndownlink=delta | pack\nserver=fedavg(1)\nepochs=1\nbatch "
            + "size=32\nlearning rate=0.05\n",
        Text(Plan, new FedAvg(), 7));

    [Fact]
    public void Everything_that_decides_bits_changes_the_text_and_what_decides_times_does_not()
    {
        FederationPlan[] others =
        [
            Plan with { Clients = 21 }, Plan with { Rounds = 31 }, Plan with { Participants = 6 },
            Plan with { Uplink = Codec.Parse("rans") },
            Plan with { Downlink = Codec.Floats },
            Plan with { Selection = new() }, Plan with { Selection = new(50) },
            Plan with { OverSelection = 1.5 }, Plan with { SampleCap = 9 }, Plan with { NormBound = null },
            Plan with { NormBound = new NormBound(2) }, Plan with { Method = new Scaffold() },
            Plan with { Rule = new CoordinateMedian() }, Plan with { Buffered = new(5) }, Plan with { Buffered = new(5, 3) },
            Plan with { Rule = new CoordinateMedian { Mixing = new NearestMixing(new Hostile(1, IsShare: false)) } },
            Plan with { Method = new FedDyn(0.2) }, Plan with { Fixed = [[1, 2]] },
            Plan with { Budget = new(5000, BudgetScope.Federation) }, Plan with { Budget = new(5000, BudgetScope.Client) },
            Plan with { Schedule = RateSchedule.Parse("cosine") }, Plan with { Objective = Plan.Objective with { Epochs = 2 } },
            Plan with { Objective = Plan.Objective with { BatchSize = 1 } },
            Plan with { Privacy = new(1, 1e-5, 8) }, Plan with { Privacy = new(2, 1e-5, 8) },
            Plan with { Privacy = new(1, 1e-5, 8) { Matrix = new(4) } },
            Plan with { Privacy = new(1, 1e-5, 8) { Matrix = new(4, 2) } },
            Plan with { Privacy = new(1, 1e-5, 8) { Clip = new() } }, Plan with { Privacy = new(1, 1e-5, 8) { Clip = new(0.7) } },
            Plan with { Privacy = new(1, 1e-6, 8) }, Plan with { Privacy = new(1, 1e-5, 9) },
            Plan with { Smaller = [CapacityModel.All(ModelLayout.Of([("w", [2], TensorRole.Weight)]))] },
            Plan with { Objective = Plan.Objective with { LearningRate = 1 } },
            Plan with { Objective = Plan.Objective with { Optimizer = LocalOptimizer.Adam } },
            Plan with { Objective = Plan.Objective with { Teaching = new FromTeacher() } },
            Plan with { Objective = Plan.Objective with { Teaching = new FromTeacher(4) } },
            Plan with { Objective = Plan.Objective with { Teaching = new FromTeacher(4, 0.9) } },
            Plan with { Objective = Plan.Objective with { Teaching = new Mutual() } },
            Plan with { Objective = Plan.Objective with { Teaching = new Mutual { Model = "mlp" } } },
            Plan with { Objective = Plan.Objective with { Momentum = 0.9 } },
            Plan with { Objective = Plan.Objective with { WeightDecay = 0.1 } },
            Plan with { Objective = Plan.Objective with { Proximal = 0.1 } },
            Plan with { Objective = Plan.Objective with { BalancesClasses = true } },
        ];
        ServerOptimizer[] servers =
            [new FedAvg(), new FedAvg(0.5), new FedAvgM(), new FedAvgM(1, 0.5), new FedAdam(), new FedAdam(Tau: 1),
                new FedYogi()];
        string[] texts = [.. others.Select(plan => Text(plan, new FedAvg(), 7)),
            .. servers.Select(server => Text(Plan, server, 7)), Text(Plan, new FedAvg(), 8)];
        Assert.Equal(texts.Length, texts.Distinct().Count());
        var later = Plan with { Deadline = TimeSpan.FromSeconds(1), Quorum = 2, StartWith = 3, Attempts = 9 };
        Assert.Equal(Text(Plan, new FedAvg(), 7), Text(later, new FedAvg(), 7));
    }

    // A rule that is added is thought of here, too: what it changes stands in the text, or it changes no bits.
    [Fact]
    public void No_rule_of_a_plan_is_forgotten() => Assert.Equal(
        ["Attempts", "Budget", "Buffered", "Clients", "Deadline", "Downlink", "Fixed", "Method", "NormBound", "Objective", "OverSelection",
            "Participants", "Privacy", "Quorum", "Rounds", "Rule", "SampleCap", "Schedule", "Selection", "Smaller", "StartWith", "Uplink"],
        Named(typeof(FederationPlan)));

    [Fact]
    public void No_setting_of_the_objective_is_forgotten() => Assert.Equal(
        ["BalancesClasses", "BatchSize", "Epochs", "LearningRate", "Momentum", "Optimizer", "Proximal", "Teaching", "WeightDecay"],
        Named(typeof(LocalObjective)));

    [Fact]
    public void A_field_that_has_its_default_leaves_the_fingerprint_as_it_was()
    {
        ulong before = RunText.Of(Plan, new FedAvg(), 7).Fingerprint;
        Assert.Equal(before, RunText.Of(Plan, new FedAvg(), 7).SayUnless("of a later release", 0, 0).Fingerprint);
        Assert.NotEqual(before, RunText.Of(Plan, new FedAvg(), 7).SayUnless("of a later release", 1, 0).Fingerprint);
    }

    // What is computed of others is none.
    static IEnumerable<string> Named(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite)
            .Select(property => property.Name).Order(StringComparer.Ordinal);
}
