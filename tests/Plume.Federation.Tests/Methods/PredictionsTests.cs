using Plume.Compression.Aggregation;
using Plume.Compression.Codecs;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Labels;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Models;
using Plume.Federation.Notation;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.Methods;

public class PredictionsTests
{
    const string Line = "predictions(public=points, batch=4, bits=3, sharpen=power(2))";

    static readonly ModelLayout Layout = ModelLayout.Of([("x", [2], TensorRole.Weight)]);

    static readonly PublicSet Points = new(8, 3, 0xfeed);

    [Theory]
    [InlineData("predictions(public=holdout(5000), batch=1000, bits=3)")]
    [InlineData("predictions(public=faces.npy, batch=500, bits=1, sharpen=era(0.1), labels=student, epochs=2)")]
    [InlineData("predictions(public=holdout(5000), batch=500, bits=1, labels=student, alike, epochs=2)")]
    [InlineData("predictions(public=holdout(300), batch=100, bits=8, sharpen=none, samples=300, classes=10, "
        + "hash=00000000deadbeef)")]
    public void A_line_prints_as_it_was_written(string line) => Assert.Equal(line, MethodNotation.Parse(line).ToString());

    [Theory]
    [InlineData("predictions", "needs samples that all have")]
    [InlineData("predictions(public=a, bits=9)", "'9' must be an integer from 1 to 8")]
    [InlineData("predictions(public=a, batch=0)", "'0' must be an integer from 1 to")]
    [InlineData("predictions(public=a, sharpen=era(0))", "column 23: 'era(0)' must be none, era(T) or power(beta)")]
    [InlineData("predictions(public=a, sharpen=soft)", "'soft' must be none")]
    [InlineData("predictions(public=a, labels=mean)", "'mean' must be ensemble or student")]
    [InlineData("predictions(public=a, rounds=3)", "'rounds=3' is not an argument of predictions")]
    [InlineData("predictions(public=a, samples=3, classes=2, hash=x)", "'x' must be a hash")]
    public void A_line_with_a_mistake_is_refused_at_its_place(string line, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => MethodNotation.Parse(line)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void What_is_published_is_the_mean_of_what_was_said_sharpened_and_the_student_learns_all_of_it()
    {
        var clients = new Sayers([0.6f, 0.4f, 0], [0.2f, 0.6f, 0.2f]);
        var model = Begin(Line, out var student);
        Run(model, Line, clients, 1);
        // Levels of seven: (4, 3, 0) and (2, 4, 1), not (1, 4, 2), since of equal remainders the first is served first; their
        // mean squared is (9, 12.25, 0.25).
        int[] batch = Points.Batch(1, 4);
        Assert.Equal(batch.Order(), student.Taught[0].Samples.ToArray());
        Assert.All(student.Taught[0].Shares.ToArray().Chunk(3),
            label => Assert.All(label.Zip([9 / 21.5f, 12.25f / 21.5f, 0.25f / 21.5f]),
                pair => Assert.Equal(pair.Second, pair.First, 1e-6f)));
        // Of seven levels: 2.93, 3.99, 0.08.
        Assert.Equal([3, 3, 3, 3, 4, 4, 4, 4], model.Broadcast.Published.ToArray());
        Assert.Equal(0, clients.Told[0].Count);
        Run(model, Line, clients, 2);
        Assert.Equal(batch, clients.Told[^1].Samples.ToArray());
        Assert.All(clients.Told[^1].Shares.ToArray().Chunk(3),
            label => Assert.All(label.Zip([3 / 7f, 4 / 7f, 0f]), pair => Assert.Equal(pair.Second, pair.First, 1e-6f)));
        Assert.Equal(8, student.Taught[1].Count);
        Assert.Equal([2f, 8f], model.Weights.ToArray());
    }

    [Fact]
    public void Of_a_student_is_published_what_it_says_of_the_samples_that_are_asked_next_and_answers_say_what_differs()
    {
        string line = Line.Replace("bits=3", "bits=1, labels=student", StringComparison.Ordinal);
        var clients = new Sayers([0.1f, 0.8f, 0.1f], [0.2f, 0.7f, 0.1f]);
        var model = Begin(line, out var student);
        Run(model, line, clients, 1);
        Assert.Equal(Points.Batch(2, 4), student.Asked[0]);
        // The fake says the second class of all: the same as the clients, so that nothing differs.
        Assert.Equal([0f, 0, 0, 0, 1, 1, 1, 1], model.Broadcast.Published.ToArray());
        int first = clients.Lengths[^1];
        Run(model, line, clients, 2);
        Assert.Equal(Points.Batch(2, 4), clients.Told[^1].Samples.ToArray());
        Assert.True(clients.Lengths[^1] < first);
    }

    [Fact]
    public void Who_joins_late_takes_the_newest_labels_and_nothing_else()
    {
        var clients = new Sayers([0.6f, 0.4f, 0], [0.2f, 0.6f, 0.2f]);
        var model = Begin(Line, out _);
        for (int round = 1; round <= 5; round++)
            Run(model, Line, clients, round);
        foreach (int? had in new int?[] { null, 0, 3 })
        {
            var segment = Assert.Single(model.Broadcast.From(had).Segments);
            Assert.Equal((5, model.Broadcast.Lengths[^1]), (segment.To, segment.Length));
        }
    }

    [Fact]
    public void What_a_hostile_client_says_moves_labels_as_one_client_does_and_they_stay_distributions()
    {
        var plan = Plan(Line);
        var model = Begin(Line, out var student);
        var shape = plan.Answer(Layout);
        var sum = new ExactSum(shape.Length, 2);
        float[] honest = [7, 7, 7, 7, 0, 0, 0, 0], hostile = [-900, -900, -900, -900, 900, 900, 900, 900];
        foreach (float[] said in new[] { honest, honest, honest, hostile })
            new MessageDecoder(shape)
                .AddTo(new MessageEncoder(shape).Encode(said, default).ToArray(), sum, 1, default, default,
                    plan.Method.UsualNorm(Layout, [0, 0]), 3);
        model.Apply(sum, [4], 4);
        Assert.All(student.Taught[0].Shares.ToArray().Chunk(3), label =>
        {
            Assert.Equal(1, label.Sum(), 1e-5);
            Assert.InRange(label[0], 0.7, 1);
            Assert.All(label, share => Assert.InRange(share, 0, 1));
        });
    }

    [Fact]
    public void A_client_with_other_public_samples_and_a_learner_that_cannot_predict_are_refused()
    {
        var method = Bound(Line);
        Assert.Null(method.Misfit(new Sayers([], [])));
        Assert.Contains("the very same samples", method.Misfit(new Sayers([], []) { Public = Points with { Hash = 1 } })!,
            StringComparison.Ordinal);
        Assert.Contains("exchange 'updates'", method.Misfit(new Quadratics("averaging"))!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_that_does_not_fit_is_refused()
    {
        Assert.Contains("cannot be drawn from 8",
            Assert.Single((Plan(Line) with { Method = Bound("predictions(public=points, batch=9)") }).Problems()),
            StringComparison.Ordinal);
        Assert.Contains("leave the uplink 'rans' out, or write 'uniform(4, shared) | secure' for a secure sum",
            Assert.Single((Plan(Line) with { Uplink = Codec.Parse("rans") }).Problems()),
            StringComparison.Ordinal);
        Assert.Contains("leave the downlink 'rans' out",
            Assert.Single((Plan(Line) with { Downlink = Codec.Parse("rans") }).Problems()),
            StringComparison.Ordinal);
        Assert.Contains("proximal",
            Assert.Single((Plan(Line) with { Objective = new LocalObjective(1, 1, 0.1, Proximal: 0.1) }).Problems()),
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new GlobalModel(Plan(Line), Layout, [0, 0], new FedAvg(), default, 1, 0));
    }

    [Theory]
    [InlineData("bits=3", "uniform(4, shared) | secure", "'predictions(public=points, batch=4, bits=3, alike)'")]
    [InlineData("bits=3, alike", "uniform(8, shared) | secure", "write 'uniform(4, shared) | secure'")]
    [InlineData("bits=1, alike", "uniform(2, shared) | secure", "write 'uniform(1, shared) | secure'")]
    [InlineData("bits=1, labels=student, alike", "uniform(1, shared) | secure", "write 'uniform(2, shared) | secure'")]
    [InlineData("bits=3, alike", "rotate | uniform(4, shared) | secure", "write 'uniform(4, shared) | secure'")]
    public void What_a_secure_sum_cannot_count_is_refused_with_what_it_can(string arguments, string uplink, string nearest)
    {
        var plan = new FederationPlan(5, 9, 5, new LocalObjective(1, 1, 0.1), Codec.Parse(uplink), Codec.Floats)
        {
            Method = Bound($"predictions(public=points, batch=4, {arguments})"),
            Quorum = 3,
        };
        Assert.Contains(plan.Problems(), problem => problem.Contains(nearest, StringComparison.Ordinal));
    }

    static Predictions Bound(string line) => (Predictions)MethodNotation.Parse(line) with { Public = Points };

    static FederationPlan Plan(string line) => new(2, 9, 2, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
    {
        Method = Bound(line),
    };

    static GlobalModel Begin(string line, out FakeStudent student) =>
        new(Plan(line), Layout, [2, 0], new FedAvg(), default, 1, 0, student = new FakeStudent());

    static void Run(GlobalModel model, string line, Sayers clients, int round)
    {
        var plan = Plan(line);
        var decoder = new MessageDecoder(plan.Answer(Layout));
        var sum = new ExactSum(plan.Answer(Layout).Length, 2);
        for (int client = 0; client < 2; client++)
        {
            var sent = new Participant(clients, plan.Method, Codec.Parse("pack"))
                .Run(new LocalTask(round, client, model.Broadcast.Published, plan.Objective, default), [], default);
            Assert.Null(sent.Problem);
            clients.Lengths.Add(sent.Payload.Length);
            decoder.AddTo(sent.Payload, sum, 1, DrawKeys.Update(default), default, plan.Method.UsualNorm(Layout, [0, 0]), 3);
        }

        model.Apply(sum, [2], 2);
    }

    /// <summary>Clients that say the same of all samples.</summary>
    sealed class Sayers(float[] first, float[] second) : ILearner, IPredictor
    {
        public ModelLayout Layout => PredictionsTests.Layout;

        public IPredictor Predictor => this;

        public PublicSet Public { get; init; } = Points;

        public List<PublicLabels> Told { get; } = [];

        public List<int> Lengths { get; } = [];

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public LocalOutcome Predict(LocalTask task, PublicLabels taught, ReadOnlySpan<int> asked, Span<float> shares,
            CancellationToken cancellation)
        {
            Told.Add(taught);
            for (int i = 0; i < asked.Length; i++)
                (task.Client == 0 ? first : second).CopyTo(shares[(i * 3)..]);
            return new LocalOutcome(1, 0);
        }
    }

    /// <summary>A student that counts the labels that it was taught, and says the second class of everything.</summary>
    sealed class FakeStudent : IStudent
    {
        public List<PublicLabels> Taught { get; } = [];

        public List<int[]> Asked { get; } = [];

        public void Learn(Span<float> weights, PublicLabels taught, LocalObjective objective, RandomKey key)
        {
            Taught.Add(taught);
            weights[1] = taught.Count;
        }

        public void Predict(ReadOnlySpan<float> weights, ReadOnlySpan<int> samples, Span<float> shares)
        {
            Asked.Add(samples.ToArray());
            for (int i = 0; i < samples.Length; i++)
                shares[i * 3 + 1] = 1;
        }
    }
}
