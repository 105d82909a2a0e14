using System.Globalization;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Models.Graph;

namespace Plume.Learning.Inference;

/// <summary>
/// Inputs by chance, for a model whose data is not at hand: normal floats, integers and truth values of 0 and 1, one sample a
/// run. They tell whether two models compute the same, not how good one is.
/// </summary>
public static class RandomFeeds
{
    // Tried in turn for lengths that a model leaves open: a sequence, a window of sound, the side of an image.
    static readonly int[] Lengths = [16, 1, 32, 48, 64, 80, 96, 128, 160, 224, 256, 320, 512, 640, 1024, 1280, 16000];

    /// <summary>Inputs of the shapes and types that the model asks for.</summary>
    /// <param name="model">The model; open lengths are tried until it runs.</param>
    /// <param name="key">Where all draws come from.</param>
    /// <param name="runs">How many.</param>
    /// <param name="lengths">Open lengths by name, or by input and axis as in state.1; the batch is 1.</param>
    /// <exception cref="ArgumentException">The model runs on no length that was tried; the message ends with ONNX
    /// Runtime's.</exception>
    public static ModelFeeds For(RuntimeModel model, RandomKey key, int runs = 16,
        IReadOnlyDictionary<string, int>? lengths = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        lengths ??= new Dictionary<string, int>();
        string[] open = [.. model.Inputs.SelectMany(input =>
            input.Shape.Select((length, axis) => (length, Name: NameOf(input, length, axis))).Skip(1))
                .Where(each => !each.length.IsFixed && !lengths.ContainsKey(each.Name)).Select(each => each.Name).Distinct()];
        if (lengths.Keys.FirstOrDefault(name =>
            model.Inputs.All(input => !input.Shape.Select((length, axis) => length.IsFixed ? null : NameOf(input, length, axis))
                .Contains(name))) is { } unknown)
            throw new ArgumentException(
                $"Model '{model.Name}' has no open length '{unknown}'; its inputs are {string.Join("; ", model.Inputs)}.",
                nameof(lengths));
        InvalidPayloadException? refusal = null;
        foreach (var (length, ofOthers) in open.Length == 0 ? [(1, 1)]
            : Lengths.SelectMany(length => length == 1 ? [(1, 1)] : new[] { (length, length), (length, 1) }))
        {
            var feeds = new ModelFeeds("random inputs", runs, 1,
                (run, _) => Feed(model, key.Fold(run.ToString(CultureInfo.InvariantCulture)), lengths, length, ofOthers),
                isFixed: true)
            { IsRandom = true };
            try
            {
                model.Run(feeds[0].Tensors);
                return feeds;
            }
            catch (InvalidPayloadException refused)
            {
                refusal ??= refused;
            }
        }

        string name = open.FirstOrDefault() ?? "NAME";
        throw new ArgumentException(
            $"Model '{model.Name}' runs on none of the random inputs that were tried: give it data, or say its open lengths, "
                + $"as in random:{name}=80. Its inputs are {string.Join("; ", model.Inputs)}. {refusal!.Message}");
    }

    // A state beside the samples may leave its batch open on another axis.
    static ModelFeed Feed(RuntimeModel model, RandomKey key, IReadOnlyDictionary<string, int> lengths, int open, int ofOthers)
    {
        var batches = model.Inputs.Where(input => input.Shape is [{ IsFixed: false, Name.Length: > 0 }, ..])
            .Select(input => input.Shape[0].Name).ToHashSet(StringComparer.Ordinal);
        return new([.. model.Inputs.Select(input =>
            Tensor(input, key.Fold(input.Name), [.. input.Shape.Select((length, axis) => LengthOf(input, length, axis))]))], 1,
            1);

        long LengthOf(ValueInfo input, Dimension length, int axis) => length.IsFixed ? length.Length
            : lengths.TryGetValue(NameOf(input, length, axis), out int said) ? said
            : axis == 0 || batches.Contains(length.Name!) ? 1
            : length.Name!.Length == 0 && !ReferenceEquals(input, model.Inputs[0]) ? ofOthers : open;
    }

    // A length without a name goes by its input and axis.
    static string NameOf(ValueInfo input, Dimension length, int axis) => length.Name is { Length: > 0 } name ? name
        : $"{input.Name}.{axis}";

    static RuntimeTensor Tensor(ValueInfo input, RandomKey key, long[] shape)
    {
        var draws = new RandomDraws(key);
        long length = shape.Aggregate(1L, (product, each) => product * each);
        if (length > int.MaxValue / sizeof(float))
            throw new ArgumentException($"Input '{input}' is too large for random values: {length} of them.");
        float[] values = new float[length];
        bool isWhole = input.ElementType is not (ElementType.Float or ElementType.Double or ElementType.Float16);
        for (int i = 0; i < values.Length; i++)
        {
            float normal = (float)draws.NextNormal();
            values[i] = isWhole ? normal > 0 ? 1 : 0 : normal;
        }

        // A mask of nothing leaves a softmax over no values.
        if (isWhole && values.Length > 0)
            values[0] = 1;
        return RuntimeTensor.Of(input.Name, input.ElementType, shape, values);
    }
}
