using System.Runtime.InteropServices;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Learning.Execution;
using Plume.Learning.Native;
using Plume.Learning.Objectives;
using static TorchSharp.torch;

namespace Plume.Learning.Training;

/// <summary>
/// The gradients of scores by which masks of frozen weights are drawn, anew for each batch. The draw is passed as if it were its
/// chance: d loss / d score = d loss / d weight * frozen weight * chance * (1 - chance). What is no weight stays as it is.
/// </summary>
/// <remarks>
/// Source: Bengio, Leonard, Courville, "Estimating or Propagating Gradients Through Stochastic Neurons", 2013, arXiv:1308.3432,
/// for the straight-through estimate.
/// </remarks>
sealed class MaskGradients : IGradientSource, IDisposable
{
    readonly IGradientSource weights;
    readonly GraphExecutor executor;
    readonly Tensor scores;
    readonly Tensor frozen;
    readonly Tensor draws;
    readonly Tensor gradient;

    /// <param name="weights">The gradients of the masked weights.</param>
    /// <param name="executor">The graph; it holds the scores in place of its weights, which become the masked ones.</param>
    /// <param name="frozen">The weights before any mask.</param>
    public MaskGradients(IGradientSource weights, GraphExecutor executor, ReadOnlySpan<float> frozen)
    {
        (this.weights, this.executor) = (weights, executor);
        using (no_grad())
            scores = (executor.Weights * executor.Decaying).DetachFromDisposeScope();
        this.frozen = tensor(frozen.ToArray()).DetachFromDisposeScope();
        draws = zeros_like(scores).DetachFromDisposeScope();
        gradient = zeros_like(scores).DetachFromDisposeScope();
        Values = [new LearnedTensor(scores, executor.Decaying, zeros(1).DetachFromDisposeScope(), () => gradient)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<LearnedTensor> Values { get; }

    /// <inheritdoc/>
    public string Name => weights.Name;

    /// <inheritdoc/>
    public double Backward(ReadOnlyMemory<int> samples, double progress, RandomKey key)
    {
        using var scope = NewDisposeScope();
        Tensor slope;
        using (no_grad())
        {
            var chances = scores.sigmoid();
            slope = frozen * executor.Decaying * chances * Scalars.OneMinus(chances);
            Draw(key.Fold("mask"));
            // Weights take what was drawn; statistics and biases stay.
            executor.Weights.mul_(Scalars.OneMinus(executor.Decaying))
                .AddProductInPlace(frozen * executor.Decaying, draws.lt(chances).to_type(ScalarType.Float32), 1);
        }

        double loss = weights.Backward(samples, progress, key);
        using var gradientless = no_grad();
        gradient.copy_(executor.Gradients).mul_(slope);
        return loss;
    }

    /// <inheritdoc/>
    public void Settle(IWeightConstraint? constraint, double progress)
    {
    }

    /// <summary>Writes the scores over the weights.</summary>
    public void GetScores(Span<float> trained)
    {
        var values = MemoryMarshal.Cast<byte, float>(scores.bytes);
        foreach (var tensor in executor.Layout.Tensors.Where(tensor => tensor.Role == TensorRole.Weight))
            values.Slice(tensor.Offset, tensor.Length).CopyTo(trained[tensor.Offset..]);
    }

    public void Dispose()
    {
        scores.Dispose();
        frozen.Dispose();
        draws.Dispose();
        gradient.Dispose();
        Values[0].Decaying.Dispose();
    }

    void Draw(RandomKey key)
    {
        var uniform = MemoryMarshal.Cast<byte, float>(draws.bytes);
        for (int i = 0; i < uniform.Length; i++)
            uniform[i] = key.Uniform((ulong)i);
    }
}
