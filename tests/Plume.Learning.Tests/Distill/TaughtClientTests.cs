using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Models.Building;
using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Tests.Distill;

/// <summary>
/// A client of a federation that learns from a teacher, or beside a model that stays with it: of one layer, so that a step can be
/// worked out.
/// </summary>
public class TaughtClientTests
{
    const int Inputs = 4, Classes = 3, Count = 6;
    const double Rate = 0.5;

    static readonly RandomKey Key = RandomKey.FromSeed(8);
    static readonly LabeledSet Set = Samples();

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(2, 0.25)]
    [InlineData(4, 1)]
    public void Each_step_goes_along_the_labels_and_the_teachers_scores(double temperature, double alpha)
    {
        ModelGraph student = Layer(1), teacher = Layer(2);
        using var learner = Learner(student, teacher: SoftLabels.Of(teacher, Set));
        double[] expected = Weights(student), fixedTeacher = Weights(teacher);
        for (int step = 0; step < 3; step++)
            expected = Step(expected, fixedTeacher, temperature, alpha);

        Close(expected, Train(learner, student, new FromTeacher(temperature, alpha), 3));
    }

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(2, 0.25)]
    public void Two_models_step_at_once_along_the_labels_and_each_others_scores(double temperature, double alpha)
    {
        ModelGraph travels = Layer(1), stays = Layer(2);
        using var learner = Learner(travels, stays);
        var memory = new float[learner.MemoryLength];
        double[] expected = Weights(travels), kept = Weights(stays);
        for (int step = 0; step < 3; step++)
            (expected, kept) = (Step(expected, kept, temperature, alpha), Step(kept, expected, temperature, alpha));

        Close(expected, Train(learner, travels, new Mutual(temperature, alpha), 3, memory));
        Close(kept, memory[1..]);
    }

    [Fact]
    public void What_stays_goes_on_where_it_was_and_nothing_else_is_remembered()
    {
        ModelGraph travels = Layer(1), stays = new GraphBuilder([Inputs], Key).Dense("wide", 9).Relu().Dense("out", Classes)
            .Build("large");
        using var learner = Learner(travels, stays);
        Assert.Equal(1 + stays.Weights.Length, learner.MemoryLength);
        float[] once = new float[learner.MemoryLength], again = [.. once];
        float[] first = Train(learner, travels, new Mutual(), 2, once);
        Assert.Equal(first, Train(learner, travels, new Mutual(), 2, again));
        Assert.Equal(once, again);

        float[] before = [.. once], second = Train(learner, travels, new Mutual(), 2, once);
        Assert.NotEqual(before, once);
        Assert.NotEqual(first, second);
        Assert.Equal(second, Train(learner, travels, new Mutual(), 2, before));
        Assert.Equal(once, before);
    }

    [Fact]
    public void A_pull_or_a_correction_is_of_the_model_that_travels()
    {
        ModelGraph travels = Layer(1), stays = Layer(2);
        using var learner = Learner(travels, stays);
        float[] still = new float[learner.MemoryLength], far = [.. still];
        var objective = new LocalObjective(1, Count, Rate) { Teaching = new Mutual() };
        var task = new LocalTask(1, 0, travels.ToWeights().Values, objective, Key) { Memory = still };
        var pulled = task with
        {
            Memory = far,
            Objective = objective with { Proximal = 1 },
            Correction = Array.ConvertAll(travels.ToWeights().Values, _ => 0.5f),
        };
        float[] plain = new float[travels.Weights.Length], corrected = [.. plain];
        learner.Train(task, plain, default);
        learner.Train(pulled, corrected, default);
        Close([.. plain.Select(value => value - Rate * 0.5)], corrected);
        Assert.Equal(still, far);
    }

    [Fact]
    public void A_model_that_stays_and_diverges_ends_the_task_without_an_update()
    {
        ModelGraph travels = Layer(1), stays = Layer(2, times: float.PositiveInfinity);
        using var learner = Learner(travels, stays);
        var task = new LocalTask(1, 0, travels.ToWeights().Values, new LocalObjective(3, 2, 0.1) { Teaching = new Mutual() }, Key)
        {
            Memory = new float[learner.MemoryLength],
        };
        Assert.Equal(double.NaN, learner.Train(task, new float[travels.Weights.Length], default).Loss);
    }

    [Fact]
    public void What_a_learner_cannot_learn_from_is_refused()
    {
        using var plain = Learner(Layer(1));
        Assert.Contains("has no teacher", ((ILearner)plain).Misfit(new FromTeacher()), StringComparison.Ordinal);
        Assert.Contains("no model that stays here", ((ILearner)plain).Misfit(new Mutual()), StringComparison.Ordinal);
        Assert.Contains("has no teacher",
            Assert.Throws<ArgumentException>(() => Train(plain, Layer(1), new FromTeacher(), 1)).Message,
            StringComparison.Ordinal);
        using var module = new ModuleLearner(() => nn.Linear(Inputs, Classes),
            () => (tensor(Set.Features).view(Count, Inputs), tensor(Set.Labels, int64)));
        Assert.StartsWith("The learner ModuleLearner learns from labels alone", ((ILearner)module).Misfit(new FromTeacher()),
            StringComparison.Ordinal);

        var more = new GraphBuilder([Inputs], Key).Dense("fc", Classes + 2).Build("more");
        var wide = new GraphBuilder([Inputs + 1], Key).Dense("fc", Classes).Build("wide");
        Assert.Equal("The teacher tells 5 classes apart, but 'layer', which learns from it, 3: name one of the same classes.",
            Refused(() => Learner(Layer(1), teacher: SoftLabels.Of(more, Set))));
        Assert.Equal("The model that stays, 'more', tells 5 classes apart, but 'layer', which learns from it, 3: name one of "
            + "the same classes.", Refused(() => Learner(Layer(1), more)));
        Assert.Equal("Model 'wide' takes [N, 5], but the samples of six are [4] each.", Refused(() => Learner(Layer(1), wide)));
        Assert.StartsWith("A teacher's scores are for each of the 6 samples of six, but these are for 2.",
            Refused(() => Learner(Layer(1), teacher: SoftLabels.Of(Layer(2), Set.Take("two", [0, 1])))),
            StringComparison.Ordinal);
    }

    static string Refused(Func<GraphLearner> make) => Assert.ThrowsAny<ArgumentException>(() => make().Dispose()).Message;

    static GraphLearner Learner(ModelGraph graph, ModelGraph? stays = null, SoftLabels? teacher = null) =>
        new(graph, Set, [[.. Enumerable.Range(0, Count)]]) { Teacher = teacher, LocalModel = stays };

    static ModelGraph Layer(ulong seed, float times = 1)
    {
        var graph = new GraphBuilder([Inputs], RandomKey.FromSeed(seed)).Dense("fc", Classes).Build("layer");
        return graph.With(new(graph.Weights, Array.ConvertAll(graph.ToWeights().Values, value => value * times)));
    }

    // All samples in each step, so that their order does not count.
    static float[] Train(GraphLearner learner, ModelGraph start, Teaching teaching, int steps, float[]? memory = null)
    {
        var trained = new float[start.Weights.Length];
        var outcome = learner.Train(
            new LocalTask(1, 0, start.ToWeights().Values, new LocalObjective(steps, Count, Rate) { Teaching = teaching },
                Key)
            { Memory = memory }, trained, default);
        Assert.True(double.IsFinite(outcome.Loss));
        return trained;
    }

    static double[] Weights(ModelGraph graph) => Array.ConvertAll(graph.ToWeights().Values, value => (double)value);

    // Rows of weights, one for each class, and then the biases.
    static double[] Step(double[] weights, double[] other, double temperature, double alpha)
    {
        double[] next = [.. weights];
        for (int sample = 0; sample < Count; sample++)
        {
            double[] scores = Scores(weights, sample), towards = Softmax(Scores(other, sample), temperature);
            double[] shares = Softmax(scores, 1), soft = Softmax(scores, temperature);
            for (int k = 0; k < Classes; k++)
            {
                double slope = (1 - alpha) * (shares[k] - (Set.Labels[sample] == k ? 1 : 0)) + alpha * temperature
                    * (soft[k] - towards[k]);
                for (int i = 0; i < Inputs; i++)
                    next[k * Inputs + i] -= Rate / Count * slope * Set[sample][i];
                next[Classes * Inputs + k] -= Rate / Count * slope;
            }
        }

        return next;
    }

    static double[] Scores(double[] weights, int sample) =>
        [.. Enumerable.Range(0, Classes)
            .Select(k => weights[Classes * Inputs + k] + Enumerable.Range(0, Inputs)
                .Sum(i => weights[k * Inputs + i] * Set[sample][i]))];

    static double[] Softmax(double[] scores, double temperature)
    {
        double[] exponentials = [.. scores.Select(score => Math.Exp(score / temperature))];
        return [.. exponentials.Select(value => value / exponentials.Sum())];
    }

    static void Close(double[] expected, float[] values) =>
        Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-5));

    static LabeledSet Samples()
    {
        var draws = new RandomDraws(Key.Fold("samples"));
        return new LabeledSet("six", [.. Enumerable.Range(0, Count * Inputs).Select(_ => (float)draws.NextNormal())], [Inputs],
            [0, 1, 2, 2, 1, 0], Classes);
    }
}
