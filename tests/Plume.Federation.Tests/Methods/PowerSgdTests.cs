using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;
using Plume.Federation.Rounds;

namespace Plume.Federation.Tests.Methods;

public class PowerSgdTests
{
    static readonly ModelLayout Tall = ModelLayout.Of([("w", [3, 2], TensorRole.Weight)]);
    static readonly ModelLayout Model = ModelLayout.Of([("conv.weight", [8, 2, 3, 3], TensorRole.Weight),
        ("conv.bias", [8], TensorRole.Bias), ("fc.weight", [30, 40], TensorRole.Weight)]);

    // Values worked out with 40 digits from the paper's algorithm: M = ((1, 2), (3, 4), (5, 7)), Q = (1, .5). A published basis
    // is rounded, which loses a thousandth more.
    [Fact]
    public void One_step_of_a_power_iteration_is_that_of_the_paper()
    {
        float[] matrix = [1, 2, 3, 4, 5, 7], basis = [2, 1, 0, 1], first = new float[3];
        var bases = new SharedBases(Tall, rank: 1);
        bases.Project(basis, matrix, first);
        double length = Math.Sqrt(first.Sum(value => (double)value * value));
        Near([0.198761598, 0.496903995, 0.844736792], first.Select(value => value / length), 1e-6);

        float[] next = new float[basis.Length], second = new float[3], product = new float[6];
        bases.Turn(basis, first, round: 1, next);
        bases.Project(next, matrix, second);
        Near([5.913157540, 8.298296716, 0], second.Select(value => (double)value), 0.02);
        bases.AddProducts(next, second, product);
        double lost = matrix.Zip(product, (a, b) => (double)(a - b) * (a - b)).Sum()
            / matrix.Sum(value => (double)value * value);
        Assert.Equal(0.001661918, lost, 1.5e-3);

        bases.Turn(next, second, round: 2, basis);
        bases.Project(basis, matrix, first);
        bases.Turn(basis, first, round: 3, next);
        bases.Project(next, matrix, second);
        Array.Clear(product);
        bases.AddProducts(next, second, product);
        Assert.Equal(0.001296059, matrix.Zip(product, (a, b) => (double)(a - b) * (a - b)).Sum()
            / matrix.Sum(value => (double)value * value), 1.5e-3);
    }

    [Fact]
    public void A_round_moves_the_model_by_what_the_mean_is_in_the_shared_directions()
    {
        var learner = new Told(Model, (task, i) => task.Received.Span[i] + Moved(task.Round, task.Client, i));
        var plan = Plan("powersgd(rank=2)", 3, 4);
        float[] before = new float[Model.Length], published = Begun(plan);
        var bases = new SharedBases(Model, rank: 2);
        float[][] left = [.. Enumerable.Range(0, plan.Clients).Select(_ => new float[Model.Length])];
        int round = 0;
        foreach (var model in learner.Run(plan, before))
        {
            round++;
            float[] mean = new float[Model.Length], expected = [.. before], message = new float[bases.Sent.Length];
            for (int client = 0; client < plan.Clients; client++)
            {
                for (int i = 0; i < mean.Length; i++)
                {
                    left[client][i] += Moved(round, client, i);
                    mean[i] += left[client][i] / plan.Clients;
                }

                bases.Project(published, left[client], message);
                bases.SubtractProducts(published, message, left[client]);
            }

            bases.Project(published, mean, message);
            bases.AddProducts(published, message, expected);
            float[] weights = model.Weights.ToArray();
            Assert.All(Enumerable.Range(0, Model.Length), i => Assert.Equal(expected[i], weights[i], 1e-4));
            (before, published) = (weights, model.Broadcast.Published[Model.Length..].ToArray());
        }

        Assert.Equal(plan.Rounds, round);
    }

    // What codec and directions leave out waits: in all rounds together nothing of it is lost.
    [Theory]
    [InlineData("pack")]
    [InlineData("deadzone(abs=0.01) | range")]
    [InlineData("clip(3) | uniform(4) | rans")]
    public void Whatever_no_direction_holds_is_sent_once_one_does(string uplink)
    {
        var learner = new Told(Model, (task, i) => task.Received.Span[i] + (task.Round == 1 ? Moved(1, task.Client, i) : 0));
        var plan = Plan("powersgd(rank=4)", 2, 60) with { Uplink = Codec.Parse(uplink) };
        float[] wanted = [.. Enumerable.Range(0, Model.Length).Select(i => (Moved(1, 0, i) + Moved(1, 1, i)) / 2)];
        float[] weights = learner.Run(plan, new float[Model.Length]).Last().Weights.ToArray();
        double lost = wanted.Zip(weights, (a, b) => (double)(a - b) * (a - b)).Sum();
        Assert.InRange(lost / wanted.Sum(value => (double)value * value), 0, 0.02);
    }

    [Fact]
    public void A_message_has_the_values_of_its_turn_alone()
    {
        var method = new PowerSgd(2);
        float[] published = Begun(Plan("powersgd(rank=2)", 2, 2));
        float[] all = [.. new float[Model.Length], .. published];
        // Over rows: 2 x 18 and 2 x 40 values, and 8 of the bias; over columns 2 x 8, 2 x 30 and 8.
        Assert.Equal(2 * 18 + 2 * 40 + 8, method.Reference(Model, all).ToArray().Count(value => value == 1));
        all[^1] = 1;
        Assert.Equal(2 * 8 + 2 * 30 + 8, method.Reference(Model, all).ToArray().Count(value => value == 1));
    }

    [Fact]
    public void Directions_are_orthonormal_also_where_nothing_moved()
    {
        var bases = new SharedBases(Model, rank: 6);
        float[] published = Begun(Plan("powersgd(rank=6)", 4, 2));
        for (int round = 1; round <= 4; round++)
        {
            float[] message = bases.PlacesOf(published), update = new float[Model.Length], again = new float[message.Length];
            for (int i = 0; i < message.Length; i++)
                message[i] *= Moved(round, 1, i);
            bases.AddProducts(published, message, update);
            bases.Project(published, update, again);
            Assert.All(message.Zip(again), pair => Assert.Equal(pair.First, pair.Second, 1e-5));

            float[] next = new float[published.Length];
            bases.Turn(published, round == 2 ? new float[message.Length] : message, round, next);
            Assert.NotEqual(published[^1], next[^1]);
            published = next;
        }
    }

    [Theory]
    [InlineData("powersgd", "needs a rank")]
    [InlineData("powersgd(4)", "needs a rank")]
    [InlineData("powersgd(rank=0)", "column 10")]
    [InlineData("powersgd(rank=4, warm)", "'warm' is not an argument of powersgd")]
    public void A_line_with_a_mistake_is_refused_at_its_place(string line, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => MethodNotation.Parse(line)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_line_is_printed_as_it_was_read() =>
        Assert.Equal("powersgd(rank=4)", MethodNotation.Parse("powersgd(rank=4)").ToString());

    [Theory]
    [InlineData("feedback | deadzone(abs=0.003) | range", "remembers")]
    [InlineData("randk(10%) | uniform(4, shared) | secure", "places")]
    [InlineData("rotate | uniform(4) | rans", "places")]
    public void An_uplink_that_remembers_or_chooses_places_is_refused(string uplink, string message) =>
        Assert.Contains(message, Assert.Single((Plan("powersgd(rank=2)", 4, 2) with { Uplink = Codec.Parse(uplink), Quorum = 3 })
            .Problems()), StringComparison.Ordinal);

    [Fact]
    public void A_model_whose_weights_are_no_larger_than_their_directions_is_refused() =>
        Assert.Contains("smaller rank", Assert.Throws<ArgumentException>(() => Plan("powersgd(rank=100)", 4, 2).Answer(Model)).Message,
            StringComparison.Ordinal);

    static float[] Begun(FederationPlan plan)
    {
        float[] published = new float[plan.Published(Model).Length];
        plan.Method.Begin(plan, Model, new float[Model.Length], published);
        return published[Model.Length..];
    }

    static float Moved(int round, int client, int i) =>
        RandomKey.FromSeed(7).Fold((ulong)round).Fold((ulong)client).Uniform((ulong)i) - 0.5f;

    static void Near(double[] expected, IEnumerable<double> actual, double tolerance) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));

    static FederationPlan Plan(string method, int clients, int rounds) =>
        new(clients, rounds, clients, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
        {
            Method = MethodNotation.Parse(method),
        };
}
