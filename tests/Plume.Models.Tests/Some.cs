using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Models.Zoo;

namespace Plume.Models.Tests;

/// <summary>Models and inputs to test with.</summary>
static class Some
{
    public static RandomKey Key { get; } = RandomKey.FromSeed(7);

    public static int[] Image { get; } = [1, 28, 28];

    public static ModelGraph Model(string name) => ModelZoo.Build(name, Image, 10, Key);

    /// <summary>Standard normal values.</summary>
    public static float[] Normal(int length, string purpose)
    {
        var draws = new RandomDraws(Key.Fold(purpose));
        var values = new float[length];
        for (int index = 0; index < length; index++)
            values[index] = (float)draws.NextNormal();
        return values;
    }

    /// <summary>The model with values as after a training: no statistic or normalization is left at 0 or 1.</summary>
    public static ModelGraph Trained(ModelGraph graph)
    {
        var weights = graph.ToWeights();
        foreach (var tensor in weights.Layout.Tensors.Where(tensor => tensor.Role is TensorRole.Normalization
            or TensorRole.Statistic))
        {
            var values = weights[tensor];
            for (int index = 0; index < values.Length; index++)
                values[index] = 0.5f + Key.Fold(tensor.Name).Uniform((ulong)index);
        }

        return graph.With(weights);
    }
}
