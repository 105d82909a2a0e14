using Plume.Learning.Data;
using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>A model's output as scores of classes.</summary>
static class ClassScores
{
    /// <summary>
    /// [samples, classes]. One score a sample says how far the second class is ahead of the first: beside a zero for the first,
    /// softmax is its sigmoid, cross-entropy is binary cross-entropy, and the larger of the two is its sign.
    /// </summary>
    /// <param name="output">What the model gives: [samples, classes], [samples, 1] or [samples].</param>
    /// <param name="set">The samples.</param>
    /// <exception cref="MisfitException">It is no such output, or has fewer scores than the set has classes.</exception>
    public static Tensor Of(Tensor output, LabeledSet set)
    {
        var scores = output.shape switch
        {
            [_, 1] => cat([zeros_like(output), output], 1),
            [_] => stack([zeros_like(output), output], 1),
            _ => output,
        };
        return scores.shape is [_, var classes] && classes >= set.Classes
            ? scores
            : throw new MisfitException($"The model gives scores of shape [{string.Join(", ", output.shape)}], but {set.Name} has {set.Classes} classes.");
    }
}
