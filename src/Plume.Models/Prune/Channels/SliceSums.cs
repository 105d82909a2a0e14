using Plume.Compression.Weights;

namespace Plume.Models.Prune.Channels;

/// <summary>Sums over the values of each channel; a tensor is read once for each axis along which channels lie.</summary>
/// <remarks>In double and in the order of the values, so that the same weights give the same sums on every machine.</remarks>
sealed class SliceSums(ModelWeights weights, Func<float, double> contribution)
{
    readonly Dictionary<string, TensorSpec> tensors = weights.Layout.Tensors
        .Where(tensor => tensor.Role != TensorRole.Statistic).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);

    readonly Dictionary<(string Tensor, int Axis), double[]> known = [];

    /// <summary>For each channel, the sum over all that goes with it and is learned.</summary>
    public double[] Of(ChannelGroup group) => Of(group, static _ => true);

    /// <summary>For each channel, the sum over some of its slices.</summary>
    public double[] Of(ChannelGroup group, Func<ChannelSlice, bool> counts)
    {
        double[] totals = new double[group.Channels];
        foreach (var slice in group.Slices.Where(slice => tensors.ContainsKey(slice.Tensor) && counts(slice)))
        {
            double[] sums = Along(slice.Tensor, slice.Axis);
            for (int channel = 0; channel < totals.Length; channel++)
            {
                foreach (int index in slice.Indices[channel])
                    totals[channel] += sums[index];
            }
        }

        return totals;
    }

    double[] Along(string name, int axis)
    {
        if (known.TryGetValue((name, axis), out double[]? sums))
            return sums;
        var tensor = tensors[name];
        int inner = 1;
        foreach (int length in tensor.Shape.Skip(axis + 1))
            inner *= length;
        sums = new double[tensor.Shape[axis]];
        var values = weights[tensor];
        for (int start = 0, index = 0; start < values.Length; start += inner, index = (index + 1) % sums.Length)
        {
            double sum = 0;
            foreach (float value in values.Slice(start, inner))
                sum += contribution(value);
            sums[index] += sum;
        }

        return known[(name, axis)] = sums;
    }
}
