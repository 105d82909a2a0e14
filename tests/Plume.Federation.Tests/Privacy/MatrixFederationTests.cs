using System.Collections.Immutable;
using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Books;
using Plume.Federation.Models;
using Plume.Federation.Privacy;
using Plume.Federation.Privacy.Matrix;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;
using Plume.Federation.Tests.Rounds;

namespace Plume.Federation.Tests.Privacy;

public class MatrixFederationTests
{
    const int Values = 20_000, Clip = 2;

    static readonly ModelLayout Layout = ModelLayout.Of([("w", [Values], TensorRole.Weight)]);

    static FederationPlan Plan(MatrixMechanism matrix, int clients = 12, int participants = 3, int rounds = 20, int quorum = 3,
        double epsilon = 1000) =>
        Host.Plan(clients, participants, rounds, quorum) with
        {
            Privacy = new DifferentialPrivacy(Noise: 2, Delta: 1e-5, epsilon) { Matrix = matrix },
            SampleCap = null,
            Uplink = Codec.Parse($"clip({Clip}) | pack"),
        };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void No_client_is_in_two_sums_that_are_nearer_than_the_separation(ulong seed)
    {
        var host = new Host(Plan(new(4), clients: 17, quorum: 2) with { OverSelection = 1.4, Attempts = 50 }, seed);
        var chance = new Random((int)seed);
        host.Tell(new Started());
        for (int step = 0; host.State.Phase == Phase.Collecting; step++)
        {
            int client = host.State.Standings.First(entry => entry.Value == Standing.Asked).Key;
            switch (chance.Next(4))
            {
                case 0:
                    host.Tell(new ClientDropped(client));
                    break;
                case 1:
                    host.Arrive(client, valid: false);
                    break;
                case 2 when step % 7 == 0:
                    host.PassDeadline();
                    break;
                default:
                    host.Arrive(client);
                    break;
            }
        }

        Assert.Null(host.Abandoned);
        Assert.Equal(20, host.Contributors.Count);
        foreach (var (round, clients) in host.Contributors.Index())
            Assert.Empty(clients.Intersect(host.Contributors.Take(round).TakeLast(3).SelectMany(before => before)));
        Assert.InRange(host.State.MostParticipations, 3, new MatrixMechanism(4).MostParticipations(20));
        // Who was asked and is in no sum may be asked again.
        Assert.Contains(host.Published.Zip(host.Published.Skip(1)), pair => pair.Second.Round > pair.First.Round
            && pair.First.Participants.Intersect(pair.Second.Participants).Any());
    }

    [Fact]
    public void A_run_goes_on_with_who_took_part_when_and_ends_when_too_few_are_left()
    {
        // One round costs 2.0, two 2.9: each client has one.
        var plan = Plan(new(3), clients: 9, rounds: 10, epsilon: 2.5);
        var books = new RoundBooks(plan, default, 1, NoteLimit.None);
        books.RestoreAfter([1, 1], default, new CarriedOver
        {
            Participations = Of((0, 1), (1, 1)),
            LastRounds = Of((0, 1), (1, 1), (2, 1), (3, 2), (4, 2)),
        });
        Assert.Equal((3, Phase.Collecting), (books.State.Current.Round, books.State.Phase));
        Assert.DoesNotContain(books.State.Current.Participants, client => client is 0 or 1 or 2 or 3 or 4);
        var host = new Host(plan);
        host.Tell(new Started());
        while (host.State.Phase == Phase.Collecting)
            host.Arrive(host.State.Standings.First(entry => entry.Value == Standing.Asked).Key);
        Assert.True(host.Finished);
        Assert.Equal(3, host.RoundsApplied.Count);
        Assert.Equal("The privacy budget of epsilon 2.5 is spent: of 9 clients 0 have some left for another round and took "
            + "part 3 rounds ago or longer, and a round needs 3.", plan.WhyEnded(host.State));
    }

    [Fact]
    public void Noise_is_that_of_the_matrix_and_the_sum_of_all_rounds_has_little_of_it()
    {
        var matrix = new MatrixMechanism(4, Bands: 3);
        var factor = matrix.FactorFor(8);
        double[][] noise = Released(Model(Plan(matrix, rounds: 8)), rounds: 8);
        // C times it is drawn anew each round: as far from others' as chance allows.
        double drawn = 2 * Clip * factor.Sensitivity(1, 1);
        double[][] anew = [.. noise.Select((_, round) => Enumerable.Range(0, Values).Select(value =>
            factor.Coefficients.Select((band, back) => back > round ? 0 : band * noise[round - back][value]).Sum()).ToArray())];
        for (int round = 0; round < 8; round++)
        {
            Assert.Equal(1, Deviation(anew[round]) / drawn, 4 / Math.Sqrt(2 * Values));
            for (int before = 0; before < round; before++)
                Assert.InRange(anew[round].Zip(anew[before], (one, other) => one * other).Average() / (drawn * drawn),
                    -4.5 / Math.Sqrt(Values), 4.5 / Math.Sqrt(Values));
        }

        double[] whole = [.. Enumerable.Range(0, Values).Select(value => noise.Sum(round => round[value]))];
        Assert.Equal(1, Deviation(whole) / (2 * Clip * factor.MostError), 4 / Math.Sqrt(2 * Values));
        // Of noise that is drawn anew each round.
        Assert.True(Deviation(whole) < 0.75 * 2 * Clip * Math.Sqrt(8));
    }

    [Fact]
    public void A_version_that_is_made_again_from_what_was_kept_has_the_same_noise()
    {
        var plan = Plan(new(5), clients: 15, rounds: 8);
        var model = Model(plan);
        Released(model, rounds: 5);
        float[] exact = model.Exact.ToArray(), memory = model.Memory.ToArray();
        Assert.Equal(4 * 2 * Values, memory.Length);
        var kept = model.Broadcast.Keep();
        double[][] once = Released(model, rounds: 3);
        var again = Model(plan);
        again.Restore(exact, memory, [kept]);
        Assert.Equal(once, Released(again, rounds: 3));
        Assert.Equal(model.Memory.ToArray(), again.Memory.ToArray());
    }

    [Fact]
    public void One_band_is_noise_that_is_drawn_anew()
    {
        var plan = Plan(new(4, Bands: 1));
        var independent = plan with { Privacy = plan.Privacy! with { Matrix = null } };
        Assert.Equal(Released(Model(independent), 2), Released(Model(plan), 2));
        Assert.Equal(0, Model(plan).Memory.Length);
    }

    [Theory]
    [InlineData(2000, 484, 5)]
    [InlineData(2000, 1428, 2)]
    [InlineData(20, 4, 5)]
    [InlineData(21, 4, 6)]
    [InlineData(1, 4, 1)]
    public void Participations_follow_from_rounds_and_separation(int rounds, int separation, int most) =>
        Assert.Equal(most, new MatrixMechanism(separation).MostParticipations(rounds));

    // Language models of Google's: noise over the matrix's longest column, participations, and what they promise by rho.
    [Theory]
    [InlineData(8.35, 2, 1428, 1000, .0144)]
    [InlineData(1.411, 3, 484, 400, .7534)]
    public void What_participations_cost_is_what_was_published(double noise, int participations, int separation, int bands,
        double rho)
    {
        var privacy = new DifferentialPrivacy(noise, 1e-10, 100) { Matrix = new(separation, bands) };
        Assert.Equal(GaussianPrivacy.Epsilon(GaussianPrivacy.MuOfRho(rho), 1e-10), privacy.Spent(participations), 5e-3);
        // Late participations move a little less: their columns are cut at the last round.
        var factor = new ToeplitzFactor([.. ToeplitzFactor.SquareRoot(bands).Coefficients], 2000);
        double moved = factor.Sensitivity(separation, participations) / factor.Sensitivity(1, 1);
        Assert.InRange(moved / Math.Sqrt(participations), 0.98, 1);
    }

    public static TheoryData<FederationPlan, string> BadPlans => new()
    {
        { Plan(new(4, Bands: 5)), "let the separation be 5, or take 4 bands." },
        { Plan(new(5)), "5 rounds of up to 3 updates each need 15 clients, and there are 12: let the separation be 4 or less" },
        { Plan(new(4)) with { OverSelection = 2 }, "up to 6 updates each need 21 clients, and there are 12: let the separation "
            + "be 2 or" },
        { Plan(new(0, Bands: 0)), "must be 1 or more" },
        { Plan(new(3000, 3000), clients: 100_000, rounds: 1_000_000), "takes too long: take 20 bands or fewer." },
        { Plan(new(4)) with { Uplink = Codec.Parse("clip(1) | rotate | uniform(8, shared) | secure") },
            "leave the mechanism out, or take 'secure' out of the uplink." },
        { Plan(new(3), rounds: 4) with { Fixed = [[0, 1, 2], [3, 4, 5], [6, 2, 8], [9]] },
            "client 2 is to take part in rounds 1 and 3, which is nearer than 3 rounds: let the separation be 2 or less" },
    };

    [Theory]
    [MemberData(nameof(BadPlans), DisableDiscoveryEnumeration = true)]
    public void A_separation_that_would_not_hold_is_refused(FederationPlan plan, string problem) =>
        Assert.Contains(plan.Problems(), found => found.Contains(problem, StringComparison.Ordinal));

    [Fact]
    public void Plans_that_hold_are_not()
    {
        Assert.Empty(Plan(new(4)).Problems());
        Assert.Empty(Plan(new(3), rounds: 4) with { Fixed = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 1, 2]] } is var plan
            ? plan.Problems() : []);
        Assert.Contains("Noise of a round is correlated with that of the 3 before it, and no client is in two sums that are "
            + "fewer than 4 rounds apart", Plan(new(4)).Privacy!.Sentence(1));
        var large = ModelLayout.Of([("w", [400_000_000], TensorRole.Weight)]);
        Assert.Contains("The noise of 4 bands would take 9,600 MB of the server's memory: take 3 bands or fewer.",
            Plan(new(4)).PrivacyMisfit(large));
    }

    [Theory]
    [InlineData("matrix(10)", "matrix(10)", 10, 10)]
    [InlineData(" matrix( 20 ) ", "matrix(20)", 20, 16)]
    [InlineData("matrix(20, bands=16)", "matrix(20)", 20, 16)]
    [InlineData("matrix(20, bands=3)", "matrix(20, bands=3)", 20, 3)]
    public void A_mechanism_is_read_and_printed(string text, string printed, int separation, int bands)
    {
        var matrix = MatrixMechanism.Parse(text)!;
        Assert.Equal((printed, separation, bands), (matrix.ToString(), matrix.Separation, matrix.Bands));
        Assert.Equal(matrix, MatrixMechanism.Parse(printed));
        Assert.Null(MatrixMechanism.Parse("gaussian"));
    }

    [Theory]
    [InlineData("matrix", "matrix needs the rounds from one participation of a client to the next, such as matrix(10)")]
    [InlineData("tree(4)", "'tree' is no mechanism; known are gaussian, matrix")]
    [InlineData("matrix(4, bands=5)", "5")]
    [InlineData("matrix(0)", "0")]
    [InlineData("matrix(4) | matrix(4)", "nothing can stand after 'matrix'")]
    public void What_is_none_is_refused(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => MatrixMechanism.Parse(text)).Message);

    static GlobalModel Model(FederationPlan plan) => new(plan, Layout, new float[Values], new FedAvg(), default, 1, 0);

    // What rounds of four updates that change nothing add to the model, times four.
    static double[][] Released(GlobalModel model, int rounds) => [.. Enumerable.Range(0, rounds).Select(_ =>
    {
        float[] before = model.Exact.ToArray();
        model.Apply(new ExactSum(Values, 4), [4], 4, NoiseSecret.FromSeed(7));
        return model.Exact.ToArray().Zip(before, (after, value) => 4 * ((double)after - value)).ToArray();
    })];

    static double Deviation(double[] values) => Math.Sqrt(values.Average(value => value * value));

    static ImmutableSortedDictionary<int, int> Of(params (int Client, int Round)[] entries) =>
        entries.ToImmutableSortedDictionary(entry => entry.Client, entry => entry.Round);
}
