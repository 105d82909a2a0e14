using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Models.Building;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Tests;

public class ModuleLearnerTests
{
    const int Inputs = 3;
    const int Classes = 2;

    static readonly RandomKey Key = RandomKey.FromSeed(7);
    static readonly float[] Features = [0.5f, -1, 2, 1, 0.25f, -0.5f, -2, 0.75f, 1, 0.125f, 1.5f, -1];
    static readonly int[] Labels = [0, 1, 1, 0];

    public static TheoryData<LocalObjective> Objectives => new(
        new LocalObjective(1, 4, 0.1),
        new LocalObjective(3, 3, 0.1),
        new LocalObjective(3, 1, 0.1, Momentum: 0.9),
        new LocalObjective(2, 2, 0.1, WeightDecay: 0.05),
        new LocalObjective(4, 2, 0.1, Proximal: 0.5),
        new LocalObjective(3, 2, 0.01, LocalOptimizer.Adam));

    [Theory]
    [MemberData(nameof(Objectives))]
    public void A_module_learns_what_the_same_graph_learns(LocalObjective objective)
    {
        var graph = new GraphBuilder([Inputs], Key).Dense("fc", Classes).Build("logistic");
        using var expected = new GraphLearner(graph, new LabeledSet("four", Features, [Inputs], Labels, Classes), [[0, 1, 2, 3]]);
        using var learner = new ModuleLearner(() => nn.Sequential(("fc", nn.Linear(Inputs, Classes))), Four);
        float[] start = graph.ToWeights().Values;

        var (weights, outcome) = Train(learner, start, objective);
        var (wanted, wantedOutcome) = Train(expected, start, objective);

        Assert.Equal(graph.Weights.Tensors.Select(tensor => tensor.ToString()),
            learner.Layout.Tensors.Select(tensor => tensor.ToString()));
        Assert.Equal(wanted, weights, Near);
        Assert.Equal(wantedOutcome.Loss, outcome.Loss, 1e-5);
        Assert.Equal(4, outcome.Samples);
    }

    [Fact]
    public void The_layout_tells_weights_biases_normalizations_and_running_statistics_apart()
    {
        using var learner = new ModuleLearner(() =>
            nn.Sequential(("conv", nn.Conv2d(1, 2, 3)), ("norm", nn.BatchNorm2d(2)), ("flat", nn.Flatten()),
                ("fc", nn.Linear(2, Classes))),
            () => (zeros(4, 1, 3, 3), tensor(Labels, int64)));

        Assert.Equal(
            [
                ("conv.weight", TensorRole.Weight), ("conv.bias", TensorRole.Bias), ("norm.weight", TensorRole.Normalization),
                ("norm.bias", TensorRole.Normalization),
                ("fc.weight", TensorRole.Weight), ("fc.bias", TensorRole.Bias), ("norm.running_mean", TensorRole.Statistic),
                ("norm.running_var", TensorRole.Statistic),
            ],
            learner.Layout.Tensors.Select(tensor => (tensor.Name, tensor.Role)));
    }

    [Fact]
    public void Running_statistics_are_measured_and_neither_learned_nor_decayed()
    {
        using var learner = new ModuleLearner(() =>
            nn.Sequential(("norm", nn.BatchNorm1d(Inputs)), ("fc", nn.Linear(Inputs, Classes))), Four);
        float[] start = learner.GetWeights();
        var mean = learner.Layout["norm.running_mean"];

        var (weights, _) = Train(learner, start, new LocalObjective(1, 4, 0.1, WeightDecay: 1));

        // A tenth of the batch's own mean.
        double[] expected = [.. Enumerable.Range(0, Inputs)
            .Select(input => 0.1 * Enumerable.Range(0, 4).Average(sample => Features[sample * Inputs + input]))];
        Assert.Equal(expected, weights[mean.Offset..(mean.Offset + mean.Length)].Select(value => (double)value),
            (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void The_same_task_gives_the_same_bits_though_dropout_draws()
    {
        using var learner = new ModuleLearner(() =>
            nn.Sequential(("fc1", nn.Linear(Inputs, 16)), ("drop", nn.Dropout(0.5)), ("fc2", nn.Linear(16, Classes))), Four);
        float[] start = learner.GetWeights();
        var objective = new LocalObjective(3, 2, 0.1, Momentum: 0.9);

        var (first, _) = Train(learner, start, objective);
        var (other, _) = Train(learner, start, objective, Key.Fold("another"));
        var (again, _) = Train(learner, start, objective);

        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void Modules_side_by_side_do_not_disturb_one_anothers_draws()
    {
        var objective = new LocalObjective(20, 1, 0.1);
        float[][] trained = new float[4][];
        var learners = trained.Select(_ =>
            new ModuleLearner(() => nn.Sequential(("fc1", nn.Linear(Inputs, 16)), ("drop", nn.Dropout(0.5)),
                ("fc2", nn.Linear(16, Classes))), Four)).ToList();
        float[] start = learners[0].GetWeights();

        Parallel.For(0, trained.Length, i => trained[i] = Train(learners[i], start, objective).Weights);

        Assert.All(trained, weights => Assert.Equal(trained[0], weights));
        learners.ForEach(learner => learner.Dispose());
    }

    [Fact]
    public void A_loss_of_the_users_own_is_minimized()
    {
        using var learner = new ModuleLearner(() => nn.Sequential(("fc", nn.Linear(1, 1))),
            () => (tensor(new float[] { 0, 1, 2, 3 }).view(4, 1), tensor(new float[] { 1, 3, 5, 7 }).view(4, 1)),
            (output, wanted) => nn.functional.mse_loss(output, wanted));

        var (weights, outcome) = Train(learner, [0, 0], new LocalObjective(400, 4, 0.1));

        Assert.Equal([2f, 1f], weights, (a, b) => Math.Abs(a - b) < 1e-2);
        Assert.InRange(outcome.Loss, 0, 1e-3);
    }

    [Fact]
    public void Training_that_is_stopped_ends_at_the_next_step()
    {
        using var learner = new ModuleLearner(() => nn.Linear(Inputs, Classes), Four);
        Assert.ThrowsAny<OperationCanceledException>(() =>
            learner.Train(Task(learner.GetWeights(), new LocalObjective(1, 1, 0.1), Key), new float[learner.Layout.Length],
                new CancellationToken(canceled: true)));
    }

    [Fact]
    public void What_cannot_be_federated_is_refused_with_a_reason()
    {
        Assert.Contains("but 'weight' has Float64 on CPU", Refusal(() => nn.Linear(Inputs, Classes).to(float64), Four),
            StringComparison.Ordinal);
        Assert.Contains("has no parameters", Refusal(() => nn.Sequential(("relu", nn.ReLU())), Four), StringComparison.Ordinal);
        Assert.Contains("[0, 3] and [0]", Refusal(() => nn.Linear(Inputs, Classes), () => (zeros(0, Inputs), zeros(0))),
            StringComparison.Ordinal);
        Assert.Contains("[4, 3] and [3]", Refusal(() => nn.Linear(Inputs, Classes), () => (zeros(4, Inputs), zeros(3))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_takes_the_values_that_it_gives_and_no_other_number_of_them()
    {
        using var one = new ModuleLearner(() => nn.Linear(Inputs, Classes), Four);
        using var other = new ModuleLearner(() => nn.Linear(Inputs, Classes), Four);

        other.SetWeights(one.GetWeights());

        Assert.Equal(one.GetWeights(), other.GetWeights());
        Assert.StartsWith("The module has 8 values, but 7 were given.",
            Assert.Throws<ArgumentException>(() => other.SetWeights(new float[7])).Message, StringComparison.Ordinal);
    }

    static string Refusal(Func<nn.Module<Tensor, Tensor>> module, Func<(Tensor, Tensor)> data) =>
        Assert.Throws<ArgumentException>(() => new ModuleLearner(module, data)).Message;

    static (Tensor, Tensor) Four() => (tensor(Features).view(4, Inputs), tensor(Labels, int64));

    static (float[] Weights, LocalOutcome Outcome) Train(ILearner learner, float[] start, LocalObjective objective,
        RandomKey? key = null)
    {
        var trained = new float[start.Length];
        var outcome = learner.Train(Task(start, objective, key ?? Key), trained, default);
        return (trained, outcome);
    }

    static LocalTask Task(float[] start, LocalObjective objective, RandomKey key) => new(1, 0, start, objective, key);

    static bool Near(float a, float b) => Math.Abs(a - b) < 1e-5;
}
