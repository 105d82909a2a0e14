using Plume.Compression.Codecs;
using Plume.Compression.Wire;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Corrections;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;

namespace Plume.Simulation.Tests;

public partial class SimulationTests
{
    const string Sparse = "feedback | topk(5%) | uniform(4) | rans";
    const string Delta = "delta | topk(10%) | uniform(5) | rans";

    const string Sums = "delta | deadzone(abs=0.0078125) | range";

    public static TheoryData<string> Kinds =>
    [
        "secure, masks", "secure, powersgd", "secure, predictions", "secure, pruned", "secure, groups", "secure, submodels",
        "plain", "sparse", "sums", "auto", "cheap", "budget", "budget of each", "adam, drop-outs, over-selection", "corrupted", "bounded", "ruled", "trusting", "scaffold", "feddyn",
        "prune", "channels", "fednova", "fedexp", "mutual", "fedcm", "scallion",
        "personal", "saliency", "regrow", "predictions", "predictions of a student", "adapters", "masks", "powersgd", "submodels", "rolling",
        "secure", "secure, over-selection", "private", "private, correlated", "private, adaptive", "secure, private",
        "buffered", "buffered, on links", "buffered, personal",
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_number_of_threads_changes_no_bit(string kind)
    {
        var (serial, serialModel) = Run(Options(kind, 6) with { Threads = 1 });
        foreach (int threads in new[] { 2, 4 })
        {
            var (metrics, model) = Run(Options(kind, 6) with { Threads = threads });
            Assert.Equal(Bits(serial), Bits(metrics));
            Assert.Equal(serialModel, model);
        }
    }

    public static TheoryData<string> KindsOfUpdates =>
        [.. Kinds.Select(kind => kind.Data)
            .Where(kind => !kind.StartsWith("predictions", StringComparison.Ordinal) && kind != "powersgd"
                && !kind.StartsWith("secure", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(KindsOfUpdates))]
    public void An_observer_sees_what_is_taken_in_in_the_same_order_on_any_number_of_threads_and_changes_no_bit(string kind)
    {
        var (unseen, unseenModel) = Run(Options(kind, 5));
        var (metrics, model, serial) = Watch(Options(kind, 5) with { Threads = 1 });
        Assert.Equal(Bits(unseen), Bits(metrics));
        Assert.Equal(unseenModel, model);
        Assert.Equal(metrics.Select(round => round.Accepted),
            metrics.Select(round => serial.Count(seen => seen.Round == round.Round)));
        Assert.All(serial, seen => Assert.All(seen.Update, value => Assert.True(float.IsFinite(value))));

        var parallel = Watch(Options(kind, 5) with { Threads = 4 }).Seen;
        Assert.Equal(serial.Select(seen => (seen.Round, seen.Client)), parallel.Select(seen => (seen.Round, seen.Client)));
        Assert.All(serial.Zip(parallel), pair => Assert.Equal(pair.First.Update, pair.Second.Update));
    }

    [Fact]
    public void The_mean_of_the_updates_that_an_observer_sees_is_what_the_model_moves_by()
    {
        var (_, model, seen) = Watch(Options("plain", 1));
        for (int i = 0; i < model.Length; i++)
            Assert.Equal(seen.Average(client => (double)client.Update[i]), model[i], 1e-6);
    }

    [Fact]
    public void What_an_observer_throws_ends_the_run()
    {
        using var simulation = Simulate(Options("plain", 1),
            (_, client, _) => throw new IOException($"The disk refused client {client}."));
        Assert.StartsWith("The disk refused client ", Assert.Throws<IOException>(simulation.NextRound).Message);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_run_resumed_after_any_round_ends_in_the_same_bits(string kind)
    {
        const int rounds = 5;
        var (calm, calmModel) = Run(Options(kind, rounds));
        for (int stop = 0; stop <= rounds; stop++)
        {
            using var first = Simulate(Options(kind, rounds));
            for (int round = 0; round < stop; round++)
                first.NextRound();
            byte[] saved = first.Save();
            using var second = Simulate(Options(kind, rounds) with { Threads = 3, ClientMemory = 1 });
            second.Resume(saved);
            var metrics = Finish(second);
            Assert.Equal(Bits(calm), Bits(metrics));
            Assert.Equal(calmModel, second.Published.ToArray());
            Assert.True(second.IsFinished);
        }
    }

    [Theory]
    [InlineData("pack", "pack")]
    [InlineData(Sparse, Delta)]
    [InlineData("uniform(4, stochastic) | rans", "uniform(8) | pack")]
    public void A_federation_learns(string uplink, string downlink)
    {
        var (metrics, _) = Run(Options("plain", 25) with { Plan = Through(25, uplink, downlink) });
        Assert.InRange(metrics[^1].Accuracy!.Value, 0.85, 1);
        Assert.True(metrics[^1].Loss < metrics[0].Loss);
    }

    [Fact]
    public void Bytes_are_those_of_the_payloads_in_each_direction()
    {
        var learner = new Blobs(20);
        long payload = new PayloadEncoder(Codec.Parse("pack"), learner.Layout)
            .Encode(new float[learner.Layout.Length], default).Length;
        var (metrics, _) = Run(Options("plain", 4));
        Assert.All(metrics, round => Assert.Equal(8 * payload, round.UplinkBytes));
        Assert.Equal(0, metrics[0].DownlinkBytes);
        Assert.All(metrics.Skip(1), round => Assert.Equal(8 * payload, round.DownlinkBytes));
    }

    [Theory]
    [InlineData("bits=3")]
    [InlineData("bits=1, labels=student")]
    [InlineData("bits=8, sharpen=none")]
    [InlineData("bits=2, sharpen=era(0.1)")]
    public void A_student_learns_of_predictions_alone(string arguments)
    {
        var (metrics, _) = Run(Options("plain", 25) with { Plan = Plan(25) with { Method = Said(arguments) } });
        Assert.InRange(metrics[^1].Accuracy!.Value, 0.85, 1);
        // 30 labels of three classes in each direction of eight clients, beside 3,612 bytes of a model.
        Assert.All(metrics, round => Assert.InRange(round.UplinkBytes + round.DownlinkBytes, 1, 8 * 2 * 100));
    }

    [Fact]
    public void Nobody_sees_updates_where_none_travel() =>
        Assert.Contains("no updates travel", Assert.Throws<ArgumentException>(() => Watch(Options("predictions", 1))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_client_that_diverges_is_named_and_the_round_goes_on()
    {
        var plan = Plan(3) with { Participants = 20 };
        using var simulation = new Simulation(Options("plain", 3) with { Plan = plan with { Uplink = Codec.Parse(Sparse) } },
            new Blobs(20) { Diverging = 4 }, new Blobs(20), new float[new Blobs(20).Layout.Length], TimeProvider.System);
        Assert.All(Finish(simulation), round =>
        {
            Assert.Equal(19, round.Accepted);
            Assert.StartsWith("Client 4 sent no update: An update must be finite, but value 7 of tensor 'w' is NaN.",
                Assert.Single(round.Refused));
        });
    }

    [Theory]
    [InlineData("pack", -10)]
    [InlineData("pack", 1000)]
    [InlineData(Sparse, -1000)]
    [InlineData("rotate | uniform(4) | rans", -10)]
    [InlineData("feedback | lowrank | deadzone(abs=0.01) | range", 100)]
    [InlineData("rotate | uniform(4) | rans", -10, "scaffold")]
    [InlineData("pack", 1000, "scaffold")]
    [InlineData(Sparse, -10, "feddyn")]
    [InlineData(Sparse, -10, "fednova")]
    [InlineData("pack", 1000, "fedexp")]
    [InlineData(Sparse, -10, "fedcm(0.3)")]
    [InlineData("rotate | uniform(4) | rans", -10, "scallion")]
    [InlineData("feedback | uniform(4) | rans", -10, "prune(50%, rounds=2..9)")]
    public void One_client_that_lies_about_its_update_is_named_and_moves_the_model_like_one(string uplink, float times,
        string training = "averaging")
    {
        const int rounds = 25, liar = 4;
        var options = Options("plain", rounds) with
        {
            Plan = Plan(rounds) with { Uplink = Codec.Parse(uplink), Method = MethodNotation.Parse(training) },
        };
        var (calm, _) = Run(options);
        using var simulation = new Simulation(options, new Blobs(20) { Lying = (liar, times) }, new Blobs(20),
            new float[new Blobs(20).Layout.Length], TimeProvider.System);
        var metrics = Finish(simulation);
        Assert.InRange(metrics[^1].Accuracy!.Value, calm[^1].Accuracy!.Value - 0.04, 1);
        string[] named = [.. metrics.SelectMany(round => round.Bounded), .. metrics.SelectMany(round => round.Refused)];
        Assert.Contains(named, IsTheLiar);
        // What clients send that remember something differs more in size, and squares do: an honest one, too, may count as one of
        // usual size.
        Assert.True(options.Plan.Method is Scaffold or Scallion or FedDyn or FedExp
            || named.All(IsTheLiar), string.Join(' ', named));

        static bool IsTheLiar(string reason) => reason.StartsWith($"The update of client {liar} ", StringComparison.Ordinal);
    }

    [Fact]
    public void Weak_clients_move_and_pay_for_their_part_alone()
    {
        var options = Options("plain", 20);
        options = options with
        {
            Plan = options.Plan with
            {
                Method = MethodNotation.Parse("submodels(1, 1/4)"),
                Smaller = [Inputs(75, rolls: false)],
                Participants = 20
            },
        };
        var (metrics, model) = Run(options);
        long whole = new PayloadEncoder(Codec.Parse("pack"), new Blobs(1).Layout).Encode(new float[model.Length], default).Length;
        long part = new PayloadEncoder(Codec.Parse("pack"), options.Plan.Smaller[0].Layout)
            .Encode(new float[options.Plan.Smaller[0].Layout.Length], default).Length;
        Assert.All(metrics, round => Assert.Equal(10 * (whole + part), round.UplinkBytes));
        Assert.All(metrics.Skip(1), round => Assert.Equal(10 * (whole + part), round.DownlinkBytes));
        Assert.All(metrics, round => Assert.All(round.SecondsByCapacity!, seconds => Assert.True(seconds > 0)));
        Assert.InRange(metrics[^1].Accuracy!.Value, 0.85, 1);
        Assert.All(Run(options with
        {
            Plan = options.Plan with
            { Fixed = [.. Enumerable.Repeat<int[]>([1, 3, 5], 20)] }
        }).Model.Skip(75).Take(225),
            value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_learner_whose_models_are_not_the_plans_is_refused()
    {
        var options = Options("submodels", 1);
        var refusal = Assert.Throws<ArgumentException>(() =>
            new Simulation(options, new Blobs(20), new Blobs(20), new float[new Blobs(20).Layout.Length], TimeProvider.System));
        Assert.StartsWith("Clients of capacity 1/2 train a model of 453 values, but the learner's for client 1 has 903.",
            refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_payloads_are_refused_with_the_client_named_or_count_as_what_they_say()
    {
        var (metrics, _) = Run(Options("corrupted", 12));
        Assert.Equal(12, metrics.Count);
        Assert.Contains(metrics, round => round.Refused.Count > 0);
        Assert.All(metrics.SelectMany(round => round.Refused),
            reason => Assert.Matches("^The update of client [0-9]+ is refused: ", reason));
        Assert.All(metrics, round => Assert.Equal(8, round.Accepted + round.Refused.Count));
    }

    [Fact]
    public void A_round_that_nobody_answers_is_given_up_with_a_reason()
    {
        using var simulation = Simulate(Options("plain", 3) with { DropOut = 1 });
        Assert.StartsWith("Round 1 needs 1 updates, but got 0 in the last of 3 attempts. ",
            Assert.Throws<QuorumException>(simulation.NextRound).Message);
    }

    [Fact]
    public void A_private_run_ends_before_its_budget_breaks_and_is_as_ended_when_it_is_resumed()
    {
        // Noise of 2 costs 1.99 for one round of a client, 2.9 for two and 3.7 for three.
        var options = Options("private", 30) with { EvaluateEvery = 50 };
        options = options with { Plan = options.Plan with { Privacy = options.Plan.Privacy! with { Epsilon = 3.2 } } };
        using var first = Simulate(options);
        var metrics = Finish(first);
        Assert.InRange(metrics.Count, 2, 29);
        Assert.All(metrics, round => Assert.InRange(round.Epsilon!.Value, 1.9, 3.2));
        Assert.NotNull(metrics[^1].Accuracy);
        Assert.Equal(2, first.MostParticipations);
        Assert.StartsWith("The privacy budget of epsilon 3.2 is spent: ", first.WhyEnded);
        using var second = Simulate(options);
        second.Resume(first.Save());
        Assert.Null(second.NextRound());
        Assert.Equal((first.WhyEnded, true), (second.WhyEnded, second.IsFinished));
        using var richer = Simulate(options with
        { Plan = options.Plan with { Privacy = options.Plan.Privacy! with { Epsilon = 6 } } });
        Assert.Contains("of other settings", Assert.Throws<InvalidPayloadException>(() => richer.Resume(first.Save())).Message);
    }

    [Fact]
    public void A_damaged_checkpoint_or_one_of_other_settings_is_refused()
    {
        using var first = Simulate(Options("sparse", 4));
        first.NextRound();
        byte[] saved = first.Save();
        using var second = Simulate(Options("sparse", 4));
        for (int length = 0; length < saved.Length; length += 37)
            Assert.Throws<InvalidPayloadException>(() => second.Resume(saved.AsSpan(0, length)));
        for (int place = 0; place < saved.Length; place += 11)
        {
            saved[place] ^= 16;
            Assert.Throws<InvalidPayloadException>(() => second.Resume(saved));
            saved[place] ^= 16;
        }

        foreach (var changed in new[] { Options("sparse", 4) with { Seed = 99 },
            Options("sparse", 4) with { ConstantsHash = 7 } })
        {
            using var other = Simulate(changed);
            Assert.Contains("of other settings", Assert.Throws<InvalidPayloadException>(() => other.Resume(saved)).Message);
        }

        second.Resume(saved);
        Assert.Equal(2, second.NextRound()!.Round);
    }

    [Fact]
    public void Ten_thousand_clients_keep_their_residuals_within_the_memory_they_may_have()
    {
        string folder = Directory.CreateTempSubdirectory("plume-test-").FullName;
        var options = Options("sparse", 2) with { ClientMemory = 200_000, SpillFolder = folder };
        options = options with { Plan = options.Plan with { Clients = 10_000, Participants = 1500 } };
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using (var simulation = Simulate(options))
        {
            Assert.All(Finish(simulation), round => Assert.Equal(1500, round.Accepted));
            // 3,000 residuals of 3.6 kB are 10.8 MB; almost all of them must be in the file. The rest takes 6 MB, more or less by
            // what the threads' pools hold at that moment: a bound between 6 and 17.
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, 0, 10_000_000);
            Assert.Single(Directory.GetFiles(folder));
        }

        Assert.Empty(Directory.GetFiles(folder));
        Directory.Delete(folder);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(11)]
    public void Sites_with_more_samples_than_the_cap_count_as_the_cap_to_the_bit(int cap)
    {
        var options = Options("sparse", 3) with { Plan = Plan(3) with { SampleCap = cap } };
        var capped = Run(options);
        Assert.All(capped.Metrics,
            round => Assert.Equal(round.Accepted,
                round.Bounded.Count(line =>
                    line.EndsWith($"weighs as one of {cap} samples, the most that one can, and was made from 12.",
                        StringComparison.Ordinal))));
        // All have twelve samples, so that a cap below and one weight for all are the same mean.
        Assert.Equal(Run(options with { Plan = options.Plan with { SampleCap = null } }).Model, capped.Model);
    }

    [Fact]
    public void Codecs_that_do_not_fit_their_direction_are_refused()
    {
        Assert.Contains("must not have delta",
            Assert.Throws<ArgumentException>(() =>
                Simulate(Options("plain", 1) with { Plan = Plan(1) with { Uplink = Codec.Parse("delta | pack") } })).Message);
        Assert.Contains("must not have feedback",
            Assert.Throws<ArgumentException>(() =>
                Simulate(Options("plain", 1) with { Plan = Through(1, "pack", "feedback | pack") })).Message);
    }

    [Fact]
    public void A_codec_that_keeps_a_model_from_learning_is_refused_in_a_program_as_on_the_command_line()
    {
        Assert.Contains("drops values for good",
            Assert.Throws<ArgumentException>(() =>
                Simulate(Options("plain", 1) with { Plan = Plan(1) with { Uplink = Codec.Parse("topk(1%) | pack") } })).Message);
        Assert.Contains("a model with values missing",
            Assert.Throws<ArgumentException>(() =>
                Simulate(Options("plain", 1) with { Plan = Through(1, "pack", "topk(1%) | pack") })).Message);
    }

    static Simulation Simulate(SimulationOptions options, UpdateObserver? observer = null)
    {
        var blobs = new Blobs(options.Plan.Clients)
        {
            Remembers = options.Plan.Objective.Teaching is not null,
            Predicts = options.Plan.Method is Predictions,
            Layout = options.Plan.Method is Adapters ? Blobs.Factors : Blobs.Plain,
        };
        ILearner learner = options.Plan.Smaller.Count > 0 ? new SlicedLearner(blobs, options.Plan) : blobs;
        return new Simulation(options with { Student = blobs, Root = blobs }, learner, blobs, new float[blobs.Layout.Length],
            TimeProvider.System, observer);
    }

    static (IReadOnlyList<RoundMetrics> Metrics, float[] Model, List<(int Round, int Client, float[] Update)> Seen) Watch(
        SimulationOptions options)
    {
        var seen = new List<(int, int, float[])>();
        using var simulation = Simulate(options, (round, client, update) => seen.Add((round, client, update.Values)));
        return (Finish(simulation), simulation.Published.ToArray(), seen);
    }

    static (IReadOnlyList<RoundMetrics> Metrics, float[] Model) Run(SimulationOptions options)
    {
        using var simulation = Simulate(options);
        return (Finish(simulation), simulation.Published.ToArray());
    }

    static IReadOnlyList<RoundMetrics> Finish(Simulation simulation)
    {
        while (simulation.NextRound() is not null)
        {
        }

        return simulation.Metrics;
    }

    static string[] Bits(IReadOnlyList<RoundMetrics> metrics) =>
        [.. metrics.Select(round => (round with { Seconds = 0, ClientSeconds = 0, Refused = [], Bounded = [] })
            + string.Join("; ", [.. round.Refused, .. round.Bounded]))];
}
