using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Learning.Training;
using Plume.Models.Building;
using Plume.Models.Graph;
using Plume.Models.Zoo;

namespace Plume.Learning.Tests.Training;

public class GraphTrainerTests
{
    static readonly LabeledSet Train = Digits.Load().Train;
    static readonly LabeledSet Few = Train.Take("few", [.. Enumerable.Range(0, 130)]);

    [Fact]
    public void A_model_learns_digits()
    {
        var graph = Mlp();
        using var trainer = new GraphTrainer(graph, Train, new TrainingOptions(Epochs: 8), threads: 2);
        var losses = new List<double>();
        var trained = trainer.Train(new CrossEntropy(), RandomKey.FromSeed(1), report: (_, loss) => losses.Add(loss));
        using var evaluator = new GraphEvaluator(trained, Digits.Load().Test);
        Assert.Equal(8, losses.Count);
        Assert.True(losses[^1] < losses[0]);
        Assert.InRange(evaluator.Evaluate(trained.ToWeights().Values.ToArray(), default).Accuracy, 0.93, 1);
    }

    [Theory]
    [InlineData(LocalOptimizer.Sgd)]
    [InlineData(LocalOptimizer.Adam)]
    public void The_bits_do_not_depend_on_the_number_of_threads(LocalOptimizer optimizer)
    {
        var graph = WithNorm();
        float[] one = Trained(graph,
            new TrainingOptions(Epochs: 2, BatchSize: 32, Optimizer: optimizer, LearningRate: 0.01, Shards: 3), threads: 1);
        float[] three = Trained(graph,
            new TrainingOptions(Epochs: 2, BatchSize: 32, Optimizer: optimizer, LearningRate: 0.01, Shards: 3), threads: 3);
        Assert.Equal(one, three);
        Assert.NotEqual(graph.ToWeights().Values.ToArray(), one);
    }

    [Fact]
    public void Without_normalization_the_parts_of_a_batch_give_the_gradient_of_the_whole()
    {
        float[] whole = Trained(Mlp(), new TrainingOptions(Epochs: 1, Shards: 1)),
            parts = Trained(Mlp(), new TrainingOptions(Epochs: 1, Shards: 4));
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i], parts[i], 1e-4f);
    }

    [Fact]
    public void Running_statistics_of_parts_are_joined_to_their_mean()
    {
        // All samples alike: every part measures the same mean, and nearly the same unbiased variance.
        var same = Train.Take("same", [.. Enumerable.Repeat(7, 32)]);
        var options = new TrainingOptions(Epochs: 1, BatchSize: 32, LearningRate: 1e-12, WeightDecay: 0);
        var whole = Statistics(Trained(WithNorm(), options, set: same));
        var parts = Statistics(Trained(WithNorm(),
            new TrainingOptions(Epochs: 1, BatchSize: 32, LearningRate: 1e-12, WeightDecay: 0, Shards: 4), set: same));
        Assert.Contains(whole, value => value != 0);
        for (int i = 0; i < whole.Length; i++)
            Assert.Equal(whole[i], parts[i], 1e-3f);
    }

    [Fact]
    public void Weights_stay_in_the_set_that_a_constraint_keeps()
    {
        var graph = Mlp();
        var constraint = new FirstIsZero();
        float[] trained = Trained(graph, new TrainingOptions(Epochs: 1), constraint: constraint);
        Assert.Equal(0, trained[0]);
        Assert.Equal(3, constraint.Progress.Count);
        Assert.Equal(1, constraint.Progress[^1]);
    }

    [Fact]
    public void No_epochs_leave_the_model_as_it_was() =>
        Assert.Equal(Mlp().ToWeights().Values.ToArray(), Trained(Mlp(), new TrainingOptions(Epochs: 0)));

    [Fact]
    public void A_cosine_ends_at_zero_and_is_half_in_the_middle()
    {
        var options = new TrainingOptions(Epochs: 1, LearningRate: 0.2);
        Assert.Equal([0.2, 0.1, 0], new[] { 0, 0.5, 1.0 }.Select(progress => Math.Round(options.RateAt(progress), 12)));
    }

    [Fact]
    public void A_loss_that_is_not_finite_ends_the_training_with_what_to_do()
    {
        using var trainer = new GraphTrainer(Mlp(), Few, new TrainingOptions(Epochs: 3, LearningRate: 1e30, ClipNorm: 1e30));
        var refusal = Assert.Throws<DivergedException>(() => trainer.Train(new CrossEntropy(), RandomKey.FromSeed(1)));
        Assert.Contains("Use a smaller learning rate than 1E+30", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_another_input_is_refused_before_any_work()
    {
        var graph = ModelZoo.Build("mlp", [1, 9, 9], 10, RandomKey.FromSeed(1));
        var refusal = Assert.Throws<MisfitException>(() => new GraphTrainer(graph, Few, new TrainingOptions(1)));
        Assert.Equal("Model 'mlp' takes [N, 1, 9, 9], but the samples of few are [1, 8, 8] each.", refusal.Message);
    }

    [Fact]
    public void A_model_of_other_classes_is_refused_before_any_work()
    {
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 3, RandomKey.FromSeed(1));
        var refusal = Assert.Throws<MisfitException>(() => new GraphTrainer(graph, Few, new TrainingOptions(1)));
        Assert.Equal("Model 'mlp' tells 3 classes apart, but few has 10.", refusal.Message);
    }

    [Theory]
    [InlineData(-1, 64, 0.1)]
    [InlineData(1, 0, 0.1)]
    [InlineData(1, 64, double.NaN)]
    [InlineData(1, 64, 0)]
    public void Options_out_of_range_are_refused(int epochs, int batch, double rate) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TrainingOptions(epochs, batch, rate));

    sealed class FirstIsZero : IWeightConstraint
    {
        public List<double> Progress { get; } = [];

        public void Enforce(Span<float> weights, double progress)
        {
            weights[0] = 0;
            Progress.Add(progress);
        }
    }

    static ModelGraph Mlp() => ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(3));

    static ModelGraph WithNorm() =>
        new GraphBuilder([1, 8, 8], RandomKey.FromSeed(4)).Conv("conv", channels: 4, kernel: 3).BatchNorm("bn").Relu().Flatten()
            .Dense("fc", 10).Build("norm");

    static float[] Trained(ModelGraph graph, TrainingOptions options, int threads = 1, LabeledSet? set = null,
        IWeightConstraint? constraint = null)
    {
        using var trainer = new GraphTrainer(graph, set ?? Few, options, threads);
        return trainer.Train(new CrossEntropy(), RandomKey.FromSeed(1), constraint).ToWeights().Values.ToArray();
    }

    static float[] Statistics(float[] values) =>
        [.. WithNorm().Weights.Tensors.Where(tensor => tensor.Role == TensorRole.Statistic)
            .SelectMany(tensor => values.AsSpan(tensor.Offset, tensor.Length).ToArray())];
}
