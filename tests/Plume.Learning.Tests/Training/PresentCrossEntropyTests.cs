using Plume.Compression.Randomness;
using Plume.Learning.Execution;
using Plume.Learning.Training;
using Plume.Models.Zoo;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Tests.Training;

public class PresentCrossEntropyTests
{
    // Scores 1, 2, 3 and label 0, worked out with 40 digits.
    [Theory]
    [InlineData(new[] { 0, 1, 2 }, 2.407605964, new[] { -0.909969427f, 0.244728471f, 0.665240956f })]
    [InlineData(new[] { 1, 0, 0 }, 1.313261688, new[] { -0.731058579f, 0.731058579f, 0 })]
    [InlineData(new[] { 0 }, 0, new float[] { 0, 0, 0 })]
    public void Classes_without_a_sample_have_no_part_in_the_loss_and_no_gradient(int[] labels, double loss, float[] gradient)
    {
        using var executor = new GraphExecutor(ModelZoo.Build("logistic", [4], 3, RandomKey.FromSeed(1)));
        using var scope = NewDisposeScope();
        var scores = tensor(new float[,] { { 1, 2, 3 } }, requires_grad: true);
        var batch = new TrainingBatch(executor, zeros(1, 4), tensor(new long[] { 0 }), scores, new[] { 0 }, 0);
        var value = PresentCrossEntropy.Of(labels, 3).Loss(batch);
        value.backward();
        Assert.Equal(loss, value.ToSingle(), 1e-6);
        Assert.All(gradient.Zip(scores.grad!.data<float>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }
}
