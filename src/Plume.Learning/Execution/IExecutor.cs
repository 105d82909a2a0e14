using Plume.Compression.Weights;
using static TorchSharp.torch;

namespace Plume.Learning.Execution;

/// <summary>
/// Runs a graph with weights of its own. One caller at a time. The tensors it returns belong to the dispose scope at hand.
/// </summary>
public interface IExecutor : IDisposable
{
    /// <summary>The weights' tensors.</summary>
    ModelLayout Layout { get; }

    /// <summary>Takes weights, in the order of the layout.</summary>
    void SetWeights(ReadOnlySpan<float> values);

    /// <summary>Copies the weights out.</summary>
    void GetWeights(Span<float> values);

    /// <summary>The class scores of a batch: [samples, classes], before any softmax at the graph's end.</summary>
    Tensor Logits(Tensor batch);
}
