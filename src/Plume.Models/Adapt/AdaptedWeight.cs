using Plume.Compression.Weights;
using Plume.Models.Graph;

namespace Plume.Models.Adapt;

/// <summary>A weight as a matrix that two factors change, and where its dimensions are split for it.</summary>
/// <param name="Tensor">The weight.</param>
/// <param name="Outputs">Rows of the matrix: the product of the dimensions before the split.</param>
/// <param name="Inputs">Its columns: the product of those after it.</param>
readonly record struct AdaptedWeight(Initializer Tensor, int Outputs, int Inputs)
{
    /// <summary>The largest rank at which the factors have fewer values than the weight; 0 where none has.</summary>
    public int LargestRank => Tensor.Length == 0 ? 0 : (Tensor.Length - 1) / (Outputs + Inputs);

    /// <summary>
    /// The weight, split where its factors have the fewest values: a kernel of a convolution behind its channels.
    /// </summary>
    public static AdaptedWeight Of(Initializer tensor)
    {
        var best = new AdaptedWeight(tensor, 1, tensor.Length);
        int outputs = 1;
        foreach (int dimension in tensor.Shape.SkipLast(1).Where(dimension => dimension > 0))
        {
            outputs *= dimension;
            if (outputs + tensor.Length / outputs < best.Outputs + best.Inputs)
                best = new AdaptedWeight(tensor, outputs, tensor.Length / outputs);
        }

        return best;
    }

    /// <summary>
    /// The weights of a graph that can be adapted: those of 32-bit floats that no graph inside of a node reads.
    /// </summary>
    public static IEnumerable<AdaptedWeight> In(ModelGraph graph)
    {
        var captured = graph.Captures().ToHashSet(StringComparer.Ordinal);
        return graph.Weights.Tensors
            .Where(tensor => tensor.Role == TensorRole.Weight && !captured.Contains(tensor.Name)
                && graph.FindFloats(tensor.Name) is not null)
            .Select(tensor => Of(graph.FindInitializer(tensor.Name)!));
    }
}
