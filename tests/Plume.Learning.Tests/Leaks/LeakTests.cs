using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Leaks;
using Plume.Models.Graph;
using Plume.Models.Zoo;

namespace Plume.Learning.Tests.Leaks;

public class LeakTests
{
    const int Clients = 12;
    const int Samples = 16;

    static readonly RandomKey Key = RandomKey.FromSeed(7);
    static readonly (LabeledSet Train, LabeledSet Test) Set = Digits.Load();
    static readonly int[][] Own =
        [.. Enumerable.Range(0, Clients).Select(client => Enumerable.Range(client * Samples, Samples).ToArray())];

    [Fact]
    public void Updates_of_clients_with_few_samples_tell_which_they_are()
    {
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, Key);
        using var learner = new GraphLearner(graph, Set.Train, Own);
        var figures = Membership(graph, client => Update(graph, learner, client, new LocalObjective(3, 8, 0.1)));
        Assert.InRange(figures.Area, 0.75, 1);
        Assert.InRange((figures.Area - 0.5) / figures.AreaError, 5, double.PositiveInfinity);
    }

    [Fact]
    public void Random_numbers_tell_nothing()
    {
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, Key);
        var figures = Membership(graph, client => Noise(client, graph.Weights.Length));
        Assert.InRange((figures.Area - 0.5) / figures.AreaError, -3, 3);
        Assert.InRange(figures.Area, 0.44, 0.56);
    }

    // Updates of other clients' samples: a leak that depended on how this data or the labels are matched would show.
    [Fact]
    public void Another_clients_update_tells_nothing_of_ones_samples()
    {
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, Key);
        using var learner = new GraphLearner(graph, Set.Train,
            [.. Own.Select(own => own.Select(sample => sample + Clients * Samples).ToArray())]);
        var figures = Membership(graph, client => Update(graph, learner, client, new LocalObjective(3, 8, 0.1)));
        Assert.InRange((figures.Area - 0.5) / figures.AreaError, -3, 3);
    }

    [Theory]
    [InlineData("logistic")]
    [InlineData("mlp")]
    [InlineData("lenet-300-100")]
    public void One_sample_and_one_step_give_the_sample_away(string model)
    {
        var graph = ModelZoo.Build(model, [1, 8, 8], 10, Key);
        using var learner = new GraphLearner(graph, Set.Train, [[5], [9]]);
        var known = new KnownSamples(Set.Test);
        var inversion = FirstLayerInversion.Of(graph, known.Low, known.High)!;
        foreach (var (client, sample) in new[] { (0, 5), (1, 9) })
        {
            var read = inversion.Invert(Update(graph, learner, client, new LocalObjective(1, 1, 0.1)));
            var nearest = known.Find(read, Set.Train[sample]);
            Assert.InRange(nearest.Error, 0, 1e-6);
            Assert.InRange(nearest.PeakRatio, 60, double.PositiveInfinity);
            float[] found = read[nearest.Candidate], original = Set.Train[sample].ToArray();
            Assert.All(found.Zip(original), pair => Assert.Equal(pair.Second, pair.First, 1e-3));
            Assert.InRange(known.Find(read, Set.Train[sample + 1]).Error, 0.1, double.PositiveInfinity);
        }
    }

    [Fact]
    public void A_sample_is_found_by_the_direction_of_its_gradient_and_the_same_on_every_call()
    {
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, Key);
        using var learner = new GraphLearner(graph, Set.Train, [[5]]);
        var known = new KnownSamples(Set.Test);
        using var inversion = new GradientInversion(graph, Set.Train, known, steps: 300);
        float[] model = graph.ToWeights().Values, update = Update(graph, learner, 0, new LocalObjective(1, 1, 0.1)),
            noise = Noise(1, model.Length);
        float[] found = inversion.Invert(model, update, Set.Train.Labels[5], Key);
        Assert.InRange(known.Find([found], Set.Train[5]).Error, 0, 0.1);
        Assert.Equal(found, inversion.Invert(model, update, Set.Train.Labels[5], Key));
        Assert.InRange(known.Find([inversion.Invert(model, noise, Set.Train.Labels[5], Key)], Set.Train[5]).Error, 0.5, 10);
    }

    [Fact]
    public void Nothing_is_read_off_random_numbers_or_off_no_update_or_where_the_first_layer_is_none()
    {
        var known = new KnownSamples(Set.Test);
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, Key);
        var inversion = FirstLayerInversion.Of(graph, known.Low, known.High)!;
        Assert.InRange(known.Find(inversion.Invert(Noise(1, graph.Weights.Length)), Set.Train[0]).Error, 0.9, 10);
        var nothing = known.Find(inversion.Invert(new float[graph.Weights.Length]), Set.Train[0]);
        Assert.Equal((-1, 1), (nothing.Candidate, nothing.Error));
        Assert.Null(FirstLayerInversion.Of(ModelZoo.Build("lenet", [1, 28, 28], 10, Key), 0, 1));
        Assert.Null(FirstLayerInversion.Of(ModelZoo.Build("resnet8", [1, 8, 8], 10, Key), 0, 1));
    }

    [Fact]
    public void Pairs_are_of_one_class_and_no_sample_is_in_two()
    {
        int[] own = [.. Enumerable.Range(0, 700)];
        var pairs = MatchedSamples.Draw(Set.Train, own, Set.Test, 500, Key);
        Assert.Equal(pairs.Members.Select(sample => Set.Train.Labels[sample]),
            pairs.Others.Select(sample => Set.Test.Labels[sample]));
        Assert.Equal(pairs.Others.Count, pairs.Others.Distinct().Count());
        Assert.Equal(pairs.Members.Count, pairs.Members.Distinct().Count());
        Assert.InRange(pairs.Members.Count, 300, Set.Test.Count);
        Assert.Equal(8, MatchedSamples.Draw(Set.Train, own, Set.Test, 8, Key).Members.Count);
    }

    [Fact]
    public void Cosines_are_those_of_the_steps_that_samples_make_and_threads_change_none()
    {
        var graph = ModelZoo.Build("resnet8", [1, 8, 8], 10, Key);
        float[] model = graph.ToWeights().Values;
        var mlp = ModelZoo.Build("mlp", [1, 8, 8], 10, Key);
        using var learner = new GraphLearner(mlp, Set.Train, [[3]]);
        using var one = new GradientAlignment(mlp);
        float[] update = Update(mlp, learner, 0, new LocalObjective(1, 1, 0.1));
        double[] cosines = one.Cosines(mlp.ToWeights().Values, [update], Set.Train, [3, 4])[0];
        Assert.Equal(1, cosines[0], 1e-5);
        Assert.InRange(cosines[1], -1, 0.9);

        // Running statistics neither move nor count.
        float[] noise = Noise(2, model.Length);
        using GradientAlignment serial = new(graph), parallel = new(graph, threads: 3);
        int[] samples = [.. Enumerable.Range(0, 7)];
        double[] expected = serial.Cosines(model, [noise], Set.Train, samples)[0];
        Assert.Equal(expected, parallel.Cosines(model, [noise], Set.Train, samples)[0]);
        Assert.Equal(expected, serial.Cosines(model, [noise], Set.Train, samples)[0]);
        Assert.All(expected, cosine => Assert.NotEqual(0, cosine));
    }

    static MembershipFigures Membership(ModelGraph graph, Func<int, float[]> updateOf)
    {
        float[] model = graph.ToWeights().Values;
        using var alignment = new GradientAlignment(graph, threads: 2);
        return MembershipFigures.Of([.. Enumerable.Range(0, Clients).Select(client =>
        {
            var pairs = MatchedSamples.Draw(Set.Train, Own[client], Set.Test, Samples, Key.Fold((ulong)client));
            float[][] update = [updateOf(client)];
            return MembershipTrial.Of(client, alignment.Cosines(model, update, Set.Train, pairs.Members)[0],
                alignment.Cosines(model, update, Set.Test, pairs.Others)[0],
                [.. pairs.Members.Select(sample => Set.Train.Labels[sample])]);
        })]);
    }

    static float[] Update(ModelGraph graph, GraphLearner learner, int client, LocalObjective objective)
    {
        float[] model = graph.ToWeights().Values, trained = new float[model.Length];
        learner.Train(new LocalTask(1, client, model, objective, Key.Fold((ulong)client)), trained, default);
        return [.. trained.Zip(model, (after, before) => after - before)];
    }

    static float[] Noise(int client, int length)
    {
        var draws = new RandomDraws(Key.Fold("noise").Fold((ulong)client));
        return [.. Enumerable.Range(0, length).Select(_ => (float)draws.NextNormal())];
    }
}
