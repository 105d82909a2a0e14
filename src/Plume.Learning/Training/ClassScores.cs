using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Objectives;
using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>A model's output as scores of classes, or as the number that it predicts.</summary>
static class ClassScores
{
    /// <summary>
    /// [samples, classes]. One score a sample says how far the second class is ahead of the first: beside a zero for the first,
    /// softmax is its sigmoid, cross-entropy is binary cross-entropy, and the larger of the two is its sign. [samples] where they
    /// have a number to predict.
    /// </summary>
    /// <param name="output">What the model gives: [samples, classes], [samples, 1] or [samples].</param>
    /// <param name="set">The samples.</param>
    /// <exception cref="MisfitException">It is no such output, or has fewer scores than the set has classes.</exception>
    public static Tensor Of(Tensor output, LabeledSet set)
    {
        if (set.Targets is not null)
            return output.shape is [_] or [_, 1] ? output.flatten()
                : throw new MisfitException($"The model gives [{string.Join(", ", output.shape)}] numbers, but {set.Name} has one to predict.");
        var scores = output.shape switch
        {
            [_, 1] => cat([zeros_like(output), output], 1),
            [_] => stack([zeros_like(output), output], 1),
            _ => output,
        };
        return scores.shape is [_, var classes] && classes >= set.Classes
            ? scores
            : throw new MisfitException(
                $"The model gives scores of shape [{string.Join(", ", output.shape)}], but {set.Name} has {set.Classes} classes.");
    }

    /// <summary>
    /// Scores that a model gives of a sample, which may be more than the classes of the set. Where its output's shape does not
    /// say, one sample does.
    /// </summary>
    /// <exception cref="MisfitException">The model does not fit the samples.</exception>
    public static int Count(ModelGraph graph, LabeledSet set)
    {
        SampleFit.Check(graph, set);
        if (set.Targets is not null)
            throw new MisfitException($"'{graph.Name}' is to give scores of classes, but {set.Name} has a number to predict.");
        using var executor = new GraphExecutor(graph);
        using var batch = new BatchBuffer(set, 1);
        using var scope = NewDisposeScope();
        return (int)Of(executor.Logits(batch.Fill([0]).Features), set).shape[1];
    }
}
