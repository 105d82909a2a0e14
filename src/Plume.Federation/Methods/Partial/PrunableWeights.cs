using System.Numerics.Tensors;
using Plume.Compression.Weights;

namespace Plume.Federation.Methods.Partial;

/// <summary>The weights that are pruned one by one: tensors of so many values that each value matters little.</summary>
static class PrunableWeights
{
    const int FewestValues = 256;

    /// <summary>The tensors, each with its place in the mask.</summary>
    public static IEnumerable<(TensorSpec Tensor, int Place)> Of(ModelLayout layout)
    {
        int place = 0;
        foreach (var tensor in layout.Tensors.Where(tensor => tensor.Role == TensorRole.Weight && tensor.Length >= FewestValues))
        {
            yield return (tensor, place);
            place += tensor.Length;
        }
    }

    /// <summary>The mask's layout.</summary>
    /// <exception cref="ArgumentException">There is nothing to prune.</exception>
    public static ModelLayout LayoutOf(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var prunable = Of(layout).Select(entry => entry.Tensor).ToList();
        return prunable.Count > 0
            ? ModelLayout.Of(prunable.Select(tensor => (tensor.Name, tensor.Shape.ToArray(), tensor.Role)))
            : throw new ArgumentException(
                $"Training cannot prune this model: it has no weights of {FewestValues} values or more.", nameof(layout));
    }

    /// <summary>The dead of which a client said something, the largest first.</summary>
    public static (float Gradient, int Place)[] Dead(ReadOnlySpan<float> mask, ReadOnlySpan<float> gradients)
    {
        var dead = new List<(float Gradient, int Place)>();
        for (int place = 0; place < mask.Length; place++)
        {
            if (mask[place] == 0 && gradients[place] != 0)
                dead.Add((-Math.Abs(gradients[place]), place));
        }

        dead.Sort();
        return [.. dead];
    }

    /// <summary>Lets what lives again begin at zero.</summary>
    public static void Begin(ServerState state, ReadOnlySpan<(float Gradient, int Place)> grown)
    {
        var tensors = Of(state.Layout).ToArray();
        foreach (var (_, place) in grown)
        {
            var (tensor, first) = Array.FindLast(tensors, entry => entry.Place <= place);
            state.Weights[tensor.Offset + place - first] = 0;
        }
    }

    /// <summary>Scales values to the length of others.</summary>
    public static void Lengthen(Span<float> values, ReadOnlySpan<float> to)
    {
        double length = LengthOf(values);
        if (length > 0)
            TensorPrimitives.Multiply(values, (float)(LengthOf(to) / length), values);
    }

    static double LengthOf(ReadOnlySpan<float> values) => Math.Sqrt(Squares.Of(values));
}
