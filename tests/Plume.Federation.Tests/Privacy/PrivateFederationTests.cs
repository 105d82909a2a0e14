using System.Collections.Immutable;
using Plume.Compression.Codecs;
using Plume.Compression.Aggregation;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Books;
using Plume.Federation.Methods.Corrections;
using Plume.Federation.Models;
using Plume.Federation.Privacy;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;
using Plume.Federation.Tests.Rounds;

namespace Plume.Federation.Tests.Privacy;

public class PrivateFederationTests
{
    const int Values = 20_000;

    static readonly ModelLayout Layout = ModelLayout.Of([("w", [Values], TensorRole.Weight)]);

    // Noise of 2 and this budget pay for two rounds of a client: one costs 2.0, two 2.9, three 3.7.
    static readonly DifferentialPrivacy Two = new(Noise: 2, Delta: 1e-5, Epsilon: 3.2);

    static FederationPlan Plan(DifferentialPrivacy privacy, int clients = 6, int participants = 3, int rounds = 20,
        int quorum = 2) =>
        Host.Plan(clients, participants, rounds, quorum) with
        {
            Privacy = privacy,
            SampleCap = null,
            Uplink = Codec.Parse("clip(0.5) | pack"),
        };

    [Fact]
    public void No_client_is_asked_beyond_its_budget_and_the_run_ends_when_too_few_have_any_left()
    {
        Assert.Equal(2, Two.MostParticipations);
        var plan = Plan(Two);
        var host = new Host(plan);
        host.Tell(new Started());
        while (host.State.Phase == Phase.Collecting)
            host.Arrive(host.State.Standings.First(entry => entry.Value == Standing.Asked).Key);
        Assert.All(Enumerable.Range(0, 6),
            client => Assert.InRange(host.Published.Count(round => round.Participants.Contains(client)), 0, 2));
        Assert.True(host.Finished);
        // Twelve turns in all, three a round: four rounds, unless two of the last turns are one client's.
        Assert.InRange(host.RoundsApplied.Count, 3, 5);
        Assert.Equal(2, host.State.MostParticipations);
        Assert.Contains("The privacy budget of epsilon 3.2 is spent: of 6 clients", plan.WhyEnded(host.State));
        Assert.InRange(Two.Spent(host.State.MostParticipations), 0, Two.Epsilon);
    }

    [Fact]
    public void A_round_is_paid_for_before_its_mean_may_be_applied_and_one_that_fails_costs_nothing()
    {
        var plan = Plan(Two, clients: 3, participants: 3);
        var books = new RoundBooks(plan, default, modelNorm: 1, NoteLimit.None);
        books.Happen(new Started(), default);
        Answer(books, 0);
        books.Happen(new ClientDropped(1), default);
        books.Happen(new ClientDropped(2), default);
        // One update is below the quorum of two: another attempt, and nothing is spent.
        Assert.Equal((2, 0), (books.State.Current.Attempt, books.State.MostParticipations));
        Answer(books, 0);
        Answer(books, 1);
        var entry = books.Consider(new ClientDropped(2), default);
        Assert.Contains(entry.Commands, command => command is ApplyMean);
        Assert.Equal([KeyValuePair.Create(0, 1), KeyValuePair.Create(1, 1)], entry.After.Participations);
        books.Enter(entry);
        Assert.Equal(Two.Spent(1), books.Figures(null, 0, 0).Epsilon);
    }

    [Fact]
    public void A_run_goes_on_with_what_is_spent()
    {
        var plan = Plan(Two, clients: 4, participants: 4);
        var books = new RoundBooks(plan, default, 1, NoteLimit.None);
        books.RestoreAfter([1], default, Carried([2, 1]));
        Assert.Equal([1, 2, 3], books.State.Current.Participants);
        books.RestoreAfter([1, 1], default, Carried([2, 2, 2]));
        Assert.Equal(Phase.Finished, books.State.Phase);
        Assert.NotNull(books.WhyEnded);
    }

    [Fact]
    public void An_update_counts_for_the_clip_at_most_whatever_its_client_sends()
    {
        var plan = Plan(Two);
        var sum = new RoundSum(plan, Layout, default, 2);
        var books = new RoundBooks(plan, default, modelNorm: 100, NoteLimit.None);
        books.Happen(new Started(), default);
        Assert.Equal(0.5, books.State.Current.UsualNorm);
        // Of norms 0.14, 0.57, 1.4, 141 and 141,000.
        foreach (float size in (float[])[1e-3f, 4e-3f, 1e-2f, 1, 1000])
        {
            sum.Begin(books.State.Current, _ => default);
            float[] update = new float[Values];
            Array.Fill(update, size);
            // A hostile client leaves the clip out.
            sum.Add(books.PartOf(0), 1, new MessageEncoder(ReceivedModel.AsFloats(plan.Answer(Layout))).Encode(update, default),
                isFloats: true);
            float[] counted = new float[Values];
            sum.Sum.DivideInto(1, counted);
            double norm = Math.Sqrt(counted.Sum(value => (double)value * value));
            Assert.InRange(norm, 0, 0.5 * (1 + 1e-6));
            if (size > 1e-3f)
                Assert.Equal(0.5, norm, 1e-6);
        }
    }

    [Fact]
    public void A_client_that_does_not_clip_is_named()
    {
        var host = new Host(Plan(Two)) { NormOf = client => client == 1 ? 50 : 0.55 };
        host.Tell(new Started());
        while (host.State.Phase == Phase.Collecting)
            host.Arrive(host.State.Standings.First(entry => entry.Value == Standing.Asked).Key);
        Assert.NotEmpty(host.Bounded);
        Assert.All(host.Bounded,
            bounded => Assert.Contains("client 1 counts as one of norm 0.5, the clip: its own is 50", bounded.Message));
    }

    [Fact]
    public void The_noise_has_the_deviation_that_the_accountant_knows_and_is_normal()
    {
        double[] noise = Released(1, NoiseSecret.FromSeed(7), Sum(0));
        // The mean of four updates of norm 0.5 at most: 2 * 0.5 / 4.
        double deviation = Math.Sqrt(noise.Average(value => value * value));
        Assert.Equal(0.25, deviation, 0.25 * 4 / Math.Sqrt(2 * Values));
        Assert.Equal(0, noise.Average(), 4 * 0.25 / Math.Sqrt(Values));
        Assert.Equal(0.317311, noise.Count(value => Math.Abs(value) > deviation) / (double)Values, 0.015);
        Assert.Equal(0.0455, noise.Count(value => Math.Abs(value) > 2 * deviation) / (double)Values, 0.007);
        Assert.Equal(3, noise.Average(value => Math.Pow(value / deviation, 4)), 0.2);
    }

    [Fact]
    public void A_version_made_again_of_the_same_sum_has_the_same_noise_and_no_other_has_any_of_it()
    {
        var secret = NoiseSecret.FromSeed(7);
        double[] once = Released(1, secret, Sum(0));
        Assert.Equal(once, Released(1, new NoiseSecret(KeptBytes()), Sum(0)));
        foreach (double[] other in (double[][])[Released(2, secret, Sum(0)), Released(1, NoiseSecret.FromSeed(8), Sum(0)),
            Released(1, secret, Sum(1e-9f))])
            Assert.InRange(Math.Abs(once.Zip(other, (one, two) => one * two).Average()), 0, 0.0625 * 5 / Math.Sqrt(Values));

        // What a simulation's secret is made of.
        static byte[] KeptBytes() =>
            System.Security.Cryptography.SHA256.HashData([.. "plume simulated noise"u8, .. BitConverter.GetBytes(7UL)]);
    }

    [Fact]
    public void A_model_gets_noise_or_is_not_made()
    {
        var plan = Plan(Two) with { Downlink = Codec.Floats };
        var model = new GlobalModel(plan, Layout, new float[Values], new FedAvg(), default, 1, 0);
        Assert.Throws<InvalidOperationException>(() => model.Apply(Sum(0), [4], 4));
        Assert.Throws<InvalidOperationException>(() => model.Apply(new float[Values], 4));
        model.Apply(Sum(0), [4], 4, NoiseSecret.FromSeed(7));
        Assert.Equal(Released(1, NoiseSecret.FromSeed(7), Sum(0)).Select(value => (float)value), model.Exact.ToArray());
        var statistics = ModelLayout.Of([("w", [2], TensorRole.Weight), ("mean", [2], TensorRole.Statistic)]);
        Assert.Contains("running statistics ('mean')",
            Assert.Throws<ArgumentException>(() =>
                new GlobalModel(plan, statistics, new float[4], new FedAvg(), default, 1, 0)).Message);
    }

    public static TheoryData<FederationPlan, string> BadPlans => new()
    {
        { Plan(Two with { Noise = 0 }), "The noise must be above 0, for without any there is no privacy, but is 0." },
        { Plan(Two with { Noise = double.NaN }), "The noise must be above 0" },
        { Plan(Two with { Epsilon = -1 }), "The budget epsilon must be above 0, but is -1." },
        { Plan(Two with { Delta = 0 }), "The delta must be above 0 and below 1/6" },
        { Plan(Two with { Delta = 0.5 }), "The delta must be above 0 and below 1/6" },
        { Plan(Two with { Epsilon = 1 }),
            "The budget is spent at the start: one round with noise 2 costs an epsilon of 1.993, and the budget is 1; noise of "
                + "3.731 would pay" },
        { Plan(Two) with { Uplink = Codec.Floats }, "the uplink 'pack' has none: write 'clip(1) | pack'." },
        { Plan(Two)
            with { Uplink = Codec.Parse("feedback | topk(5%) | pack") }, "write 'feedback | clip(1) | topk(5%) | pack'." },
        { Plan(Two) with { Rule = new CoordinateMedian() },
            "leave the rule out, since the clip bounds what a hostile client can do." },
        { Plan(Two, quorum: 3) with { Uplink = Codec.Parse("randk(10%) | rotate | uniform(8, shared) | secure") },
            "write 'clip(1) | randk(10%) | rotate | uniform(8, shared) | secure'." },
        { Plan(Two, quorum: 3) with { Uplink = Codec.Parse("clip(1) | uniform(8, shared) | secure"), SampleCap = 5 },
            "leave the sample cap out." },
        { Plan(Two) with { SampleCap = 5 }, "leave the sample cap out." },
        { Plan(Two) with { Method = new Scaffold() }, "'scaffold' sends, keeps or shows more of a client: train by 'averaging'" },
    };

    [Theory]
    [MemberData(nameof(BadPlans), DisableDiscoveryEnumeration = true)]
    public void A_promise_that_would_not_hold_is_refused(FederationPlan plan, string problem)
    {
        Assert.Contains(plan.Problems(), found => found.Contains(problem, StringComparison.Ordinal));
        Assert.Throws<ArgumentException>(() => new FederationMachine(plan, default, 1));
    }

    [Fact]
    public void Plans_that_hold_are_not()
    {
        Assert.Empty(Plan(Two).Problems());
        Assert.Empty((
            Plan(Two) with { Uplink = Codec.Parse("feedback(50%) | clip(1) | deadzone(abs=0.003) | range") }).Problems());
        Assert.Empty((Plan(Two) with { Uplink = Codec.Parse("clip(1) | randk(10%) | rotate | uniform(4) | rans") }).Problems());
        var secure = Plan(Two, quorum: 3) with { Uplink = Codec.Parse("clip(1) | randk(10%) | rotate | uniform(8, shared) | secure") };
        Assert.Empty(secure.Problems());
        Assert.Equal((false, true), (Plan(Two).Privacy!.IsAtClients, secure.Privacy!.IsAtClients));
        Assert.Equal((new NoSampling(), new ClientNoise()), (Plan(Two).Privacy!.Sampling, secure.Privacy!.Sampling));
        Assert.Contains("The server adds the noise", Plan(Two).Privacy!.Sentence(1));
        Assert.Contains("Each client adds its share of the noise", secure.Privacy!.Sentence(1));
    }

    [Fact]
    public void A_secure_sum_is_paid_for_before_anybody_may_unmask_it_and_stays_so_when_it_is_lost_then()
    {
        var plan = Plan(Two, clients: 6, participants: 6, quorum: 3) with
        { Uplink = Codec.Parse("clip(1) | rotate | uniform(8, shared) | secure") };
        var books = new RoundBooks(plan, default, modelNorm: 1, NoteLimit.None);
        books.Happen(new Started(), default);
        books.Happen(new SumLost("too few keys"), default);
        Assert.Equal((2, 0), (books.State.Current.Attempt, books.State.MostParticipations));
        var entry = books.Consider(new SumClosed([0, 2, 3, 5], []), default);
        Assert.Contains(entry.Commands, command => command is ApplyMean);
        Assert.Equal([0, 2, 3, 5], entry.After.Participations.Keys);
        books.Enter(entry);
        books.Happen(new SumLost("too few shares"), default);
        books.Happen(new ModelApplied(), default);
        Assert.Equal((2, 1), (books.State.Current.Round, books.State.MostParticipations));
        books.Happen(new SumClosed([0, 1, 2], []), default);
        books.Happen(new SumRevealed(1, 0.1f), default);
        Assert.Equal(plan.Privacy!.Spent(2), books.Figures(null, 0, 0).Epsilon);
    }

    static CarriedOver Carried(int[] participations) => new()
    {
        Participations = participations.Index().ToImmutableSortedDictionary(entry => entry.Index, entry => entry.Item),
    };

    static void Answer(RoundBooks books, int client)
    {
        var current = books.State.Current;
        books.Happen(new UpdateArrived(client, current.Round, current.Attempt, current.ModelVersion, 5), default);
        books.Happen(new UpdateAdded(client, 0.4), default);
    }

    static ExactSum Sum(float value)
    {
        var sum = new ExactSum(Values, 4);
        float[] values = new float[Values];
        values[0] = value;
        sum.Add(0, values, 1);
        return sum;
    }

    static double[] Released(int version, NoiseSecret secret, ExactSum sum)
    {
        var plan = Plan(Two);
        var model = new GlobalModel(plan, Layout, new float[Values], new FedAvg(), default, 1, 0);
        for (int made = 1; made < version; made++)
            model.Apply(Sum(0.1f), [4], 4, secret);
        float[] before = model.Exact.ToArray();
        model.Apply(sum, [4], 4, secret);
        return [.. model.Exact.ToArray().Zip(before, (after, value) => (double)after - value)];
    }
}
