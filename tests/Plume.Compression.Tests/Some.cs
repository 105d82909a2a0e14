using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Compression.Tests;

/// <summary>Inputs that tests share.</summary>
static class Some
{
    public static RandomKey Key(ulong seed = 1) => RandomKey.FromSeed(seed);

    /// <summary>Normal values.</summary>
    public static float[] Normal(int length, ulong seed = 1, double scale = 1)
    {
        var draws = new RandomDraws(Key(seed));
        var values = new float[length];
        foreach (ref float value in values.AsSpan())
            value = (float)(draws.NextNormal() * scale);
        return values;
    }

    /// <summary>Laplace values: closer to real updates than normal ones.</summary>
    public static float[] Laplace(int length, ulong seed = 1)
    {
        var draws = new RandomDraws(Key(seed));
        var values = new float[length];
        foreach (ref float value in values.AsSpan())
            value = (float)(-Math.Log(1 - draws.NextDouble()) * (draws.NextDouble() < 0.5 ? -1 : 1) / Math.Sqrt(2));
        return values;
    }

    /// <summary>One weight of that many values.</summary>
    public static ModelLayout Vector(int length) => ModelLayout.Of([("w", [length], TensorRole.Weight)]);

    /// <summary>The lenet of the built-in models.</summary>
    public static ModelLayout Lenet => ModelLayout.Of(
    [
        ("conv1.weight", [16, 1, 5, 5], TensorRole.Weight), ("conv1.bias", [16], TensorRole.Bias),
        ("conv2.weight", [32, 16, 5, 5], TensorRole.Weight), ("conv2.bias", [32], TensorRole.Bias),
        ("fc1.weight", [128, 512], TensorRole.Weight), ("fc1.bias", [128], TensorRole.Bias),
        ("fc2.weight", [10, 128], TensorRole.Weight), ("fc2.bias", [10], TensorRole.Bias),
    ]);

    /// <summary>A few values of every role, and of every kind of tensor: kernels, a matrix, rows, and what has none.</summary>
    public static ModelLayout Small => ModelLayout.Of(
    [
        ("empty", [0, 3], TensorRole.Weight), ("scalar", [], TensorRole.Bias), ("one", [1], TensorRole.Weight),
        ("odd", [7, 101], TensorRole.Weight), ("norm", [33], TensorRole.Normalization), ("mean", [33], TensorRole.Statistic),
        ("kernel", [16, 4, 5, 5], TensorRole.Weight), ("matrix", [40, 130], TensorRole.Weight), ("bias", [300], TensorRole.Bias),
    ]);

    /// <summary>Tensors of every role and of awkward sizes.</summary>
    public static ModelLayout Mixed => ModelLayout.Of(
    [
        ("empty", [0, 3], TensorRole.Weight), ("scalar", [], TensorRole.Bias), ("one", [1], TensorRole.Weight),
        ("odd", [7, 101], TensorRole.Weight), ("norm", [33], TensorRole.Normalization), ("mean", [33], TensorRole.Statistic),
        ("large", [3, 70_001], TensorRole.Weight), ("bias", [300], TensorRole.Bias),
    ]);

    /// <summary>Laplace values in a file.</summary>
    public static PlumeFile PlumeFile(string line, ModelLayout layout)
    {
        var codec = Codec.Parse(line);
        return new PlumeFile(codec, layout, new PayloadEncoder(codec, layout).Encode(Laplace(layout.Length), new(7)).ToArray(),
            7);
    }

    public static double Nmse(ReadOnlySpan<float> values, ReadOnlySpan<float> decoded)
    {
        double error = 0, energy = 0;
        for (int i = 0; i < values.Length; i++)
        {
            error += Math.Pow((double)values[i] - decoded[i], 2);
            energy += Math.Pow(values[i], 2);
        }

        return error / energy;
    }
}
