using Plume.Compression.Weights;
using Plume.Models.Graph;

namespace Plume.Learning.Leaks;

/// <summary>
/// Samples read off the update of a dense first layer: the gradient of row r of its weights is that of its bias times the sample,
/// so their quotient is the sample where one pulled at the row, and a mixture of samples where several did.
/// </summary>
/// <remarks>
/// Exact for one sample and one step of plain SGD without weight decay; momentum, further steps and samples mix.
/// Source: Phong et al., "Privacy-Preserving Deep Learning via Additively Homomorphic Encryption", 2017; Geiping et al.,
/// "Inverting Gradients - How easy is it to break privacy in federated learning?", 2020, arXiv:2003.14053, proposition 3.1.
/// </remarks>
public sealed class FirstLayerInversion
{
    // Of the largest change of a bias; below, a quotient is of rounding alone.
    const float LeastBias = 1e-6f;

    readonly TensorSpec weight;
    readonly TensorSpec bias;
    readonly bool isTransposed;
    readonly float low;
    readonly float high;

    FirstLayerInversion(TensorSpec weight, TensorSpec bias, bool isTransposed, float low, float high) =>
        (this.weight, this.bias, this.isTransposed, this.low, this.high) = (weight, bias, isTransposed, low, high);

    /// <summary>Values of a sample.</summary>
    public int Inputs => weight.Length / bias.Length;

    /// <summary>For a graph whose first layer is dense, with weights and a bias that both learn.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="low">The least value that a sample has; what is read is held above it.</param>
    /// <param name="high">The largest.</param>
    /// <returns>Null where its first layer is none.</returns>
    public static FirstLayerInversion? Of(ModelGraph graph, float low, float high)
    {
        ArgumentNullException.ThrowIfNull(graph);
        string value = graph.Inputs[0].Name;
        while (Only(graph, value) is { OpType: "Flatten" or "Reshape" or "Identity" or "Dropout" } same)
            value = same.Outputs[0];
        if (Only(graph, value) is not { OpType: "Gemm" } dense || dense.Inputs[0] != value || dense.Int("transA", 0) != 0)
            return null;
        var learned = graph.Weights.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        return dense.Input(2) is { } added && learned.TryGetValue(dense.Inputs[1], out var weight)
            && learned.TryGetValue(added, out var bias)
            && weight.Shape.Count == 2 && weight.Shape[dense.Int("transB", 0) != 0 ? 0 : 1] == bias.Length
            ? new FirstLayerInversion(weight, bias, dense.Int("transB", 0) == 0, low, high) : null;
    }

    /// <summary>What each row of the layer says.</summary>
    /// <param name="update">What a model changed by; its sign and scale do not matter.</param>
    /// <returns>One sample for each row whose bias changed, held to the values that samples have; none is not finite.</returns>
    public IReadOnlyList<float[]> Invert(ReadOnlySpan<float> update)
    {
        var found = new List<float[]>();
        var biases = update.Slice(bias.Offset, bias.Length);
        float least = 0;
        foreach (float change in biases)
            least = Math.Max(least, LeastBias * Math.Abs(change));
        for (int row = 0; row < biases.Length; row++)
        {
            if (!(Math.Abs(biases[row]) > least))
                continue;
            var sample = new float[Inputs];
            for (int i = 0; i < sample.Length; i++)
                sample[i] = Math.Clamp(update[PlaceOf(row, i)] / biases[row], low, high);
            if (!sample.Any(float.IsNaN))
                found.Add(sample);
        }

        return found;
    }

    int PlaceOf(int row, int input) => weight.Offset + (isTransposed ? input * bias.Length + row : row * Inputs + input);

    // Where several nodes read the input, no row's change is of one of them alone.
    static Node? Only(ModelGraph graph, string value)
    {
        Node[] readers = [.. graph.Nodes.Where(node => node.Inputs.Contains(value)).Take(2)];
        return readers.Length == 1 ? readers[0] : null;
    }
}
