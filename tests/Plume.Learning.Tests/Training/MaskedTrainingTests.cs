using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Training;
using Plume.Models.Graph;
using Plume.Models.Prune.Connections;
using Plume.Models.Zoo;

namespace Plume.Learning.Tests.Training;

public class MaskedTrainingTests
{
    static readonly LabeledSet Few = Digits.Load().Train.Take("few", [.. Enumerable.Range(0, 200)]);
    static readonly ModelGraph Graph = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(3));

    [Fact]
    public void Pruned_weights_stay_at_zero_and_the_others_learn()
    {
        var mask = new MagnitudePruning(0.8).MaskOf(Graph);
        var trained = new FineTuning(Graph, Few)
            .Run(mask.Apply(Graph), new TrainingOptions(Epochs: 2), RandomKey.FromSeed(1), new MaskedTraining(mask));
        Assert.Equal(mask, WeightMask.OfZeros(trained.ToWeights()));
        Assert.NotEqual(mask.Apply(Graph).ToWeights().Values, trained.ToWeights().Values);
    }

    [Fact]
    public void Gradual_pruning_ends_at_its_rate_and_brings_nothing_back()
    {
        var watched = new Watch(new GradualPruning(Graph, new MagnitudePruning(0.9), new GradualSchedule(0.9, Steps: 80)));
        var trained = new FineTuning(Graph, Few)
            .Run(Graph, new TrainingOptions(Epochs: 6, BatchSize: 16), RandomKey.FromSeed(1), watched);
        Assert.Equal(0.9, WeightMask.OfZeros(trained.ToWeights()).Sparsity, 3);
        Assert.Equal(watched.Zeros.Order(), watched.Zeros);
        Assert.InRange(watched.Zeros.Distinct().Count(), 20, 81);
        Assert.False(watched.CameBack);
    }

    [Fact]
    public void Without_epochs_fine_tuning_changes_nothing() =>
        Assert.Same(Graph, new FineTuning(Graph, Few).Run(Graph, new TrainingOptions(0), RandomKey.FromSeed(1)));

    sealed class Watch(IWeightConstraint watched) : IWeightConstraint
    {
        bool[]? zero;

        public List<int> Zeros { get; } = [];

        public bool CameBack { get; private set; }

        public void Enforce(Span<float> weights, double progress)
        {
            watched.Enforce(weights, progress);
            bool[] now = [.. weights.ToArray().Select(weight => weight == 0)];
            Zeros.Add(now.Count(isZero => isZero));
            CameBack |= zero is not null && zero.Zip(now, (before, after) => before && !after).Any(back => back);
            zero = now;
        }
    }
}
