using Plume.Models.Graph;

namespace Plume.Learning.Inference;

/// <summary>Inputs from arrays, one for each input of a model, sample by sample.</summary>
public static class ArrayFeeds
{
    /// <summary>The samples of named arrays, run one by one.</summary>
    /// <param name="model">The model.</param>
    /// <param name="name">What messages call the data.</param>
    /// <param name="arrays">
    /// An array for each input by name: [samples, the input's shape without its batch dimension], or [samples, the input's whole
    /// shape]. One that has the input's shape and not as many samples as the others is the same for all: a sample rate, a first
    /// state.
    /// </param>
    /// <param name="most">Samples at most, spread over all; null for all.</param>
    /// <exception cref="ArgumentException">An array is missing, is one too many, or does not fit its input.</exception>
    public static ModelFeeds For(RuntimeModel model, string name, IReadOnlyDictionary<string, NumpyArray> arrays,
        int? most = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(arrays);
        string inputs = string.Join("; ", model.Inputs);
        if (model.Inputs.FirstOrDefault(input => !arrays.ContainsKey(input.Name)) is { } missing)
            throw new ArgumentException(
                $"'{name}' has no array for input '{missing.Name}' of model '{model.Name}'; its inputs are {inputs}.",
                nameof(arrays));
        if (arrays.Keys.FirstOrDefault(each => model.Inputs.All(input => input.Name != each)) is { } unknown)
            throw new ArgumentException(
                $"'{name}' has an array '{unknown}', but model '{model.Name}' has no such input; its inputs are {inputs}.",
                nameof(arrays));
        int samples = Samples(model, name, arrays);
        int taken = Math.Min(most ?? samples, samples);
        Func<int, RuntimeTensor>[] sources = [.. model.Inputs.Select(input => Source(input, name, arrays[input.Name], samples))];
        return new ModelFeeds(name, taken, 1,
            (run, _) => new ModelFeed([.. sources.Select(source => source((int)((long)samples * run / taken)))], 1, 1),
            isFixed: true);
    }

    static int Samples(RuntimeModel model, string name, IReadOnlyDictionary<string, NumpyArray> arrays)
    {
        int[] counts = [.. model.Inputs.Select(input => (Input: input, Array: arrays[input.Name]))
            .Where(each => !IsWhole(each.Input, each.Array) || HasOpenBatch(each.Input))
                .Select(each => each.Array.Shape.Count == 0 ? 1 : each.Array.Shape[0]).Distinct()];
        return counts switch
        {
            [] => 1,
            [> 0 and var only] => only,
            _ => throw new ArgumentException(
                $"The arrays of '{name}' must have the same number of samples first, at least one, but have "
                    + $"{string.Join(", ", counts)}."),
        };
    }

    static bool HasOpenBatch(ValueInfo input) => input.Shape is [{ IsFixed: false }, ..];

    // The input's own shape, batch included.
    static bool IsWhole(ValueInfo input, NumpyArray array) =>
        array.Shape.Count == input.Shape.Count && Fits(input.Shape, array.Shape);

    static Func<int, RuntimeTensor> Source(ValueInfo input, string name, NumpyArray array, int samples)
    {
        int rank = input.Shape.Count;
        int[] shape = [.. array.Shape];
        bool isStacked = shape.Length == rank + 1 && shape[0] == samples && Fits(input.Shape, shape[1..]);
        bool isBatched = rank > 0 && shape.Length == rank && shape[0] == samples && Fits(input.Shape.Skip(1), shape[1..])
            && (HasOpenBatch(input) || input.Shape[0].Length == 1);
        if (isStacked)
            return run => Slice(run, [.. shape[1..]]);
        if (isBatched)
            return run => Slice(run, [1, .. shape[1..]]);
        if (IsWhole(input, array))
            return _ => RuntimeTensor.Of(input.Name, input.ElementType, [.. shape.Select(length => (long)length)], array.Values);
        throw new ArgumentException(
            $"Array '{input.Name}' of '{name}' is [{string.Join(", ", shape)}], but must be {samples} samples of input {input}.",
            nameof(array));

        RuntimeTensor Slice(int sample, int[] each)
        {
            int length = each.Aggregate(1, (product, dimension) => product * dimension);
            return RuntimeTensor.Of(input.Name, input.ElementType, [.. each.Select(dimension => (long)dimension)],
                array.Values.AsSpan(sample * length, length));
        }
    }

    static bool Fits(IEnumerable<Dimension> wanted, IReadOnlyList<int> shape) =>
        wanted.Count() == shape.Count && wanted.Zip(shape).All(pair => !pair.First.IsFixed || pair.First.Length == pair.Second);
}
