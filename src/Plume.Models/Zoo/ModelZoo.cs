using Plume.Compression.Randomness;
using Plume.Models.Building;
using Plume.Models.Graph;

namespace Plume.Models.Zoo;

/// <summary>The built-in models by name. All take [N, sample shape] and give [N, classes] logits.</summary>
public static class ModelZoo
{
    static readonly Dictionary<string, Func<GraphBuilder, int, GraphBuilder>> Models = new(StringComparer.Ordinal)
    {
        [Logistic.Name] = Logistic.Write,
        [Mlp.Name] = (network, classes) => Mlp.Write(network, classes),
        [LeNet.Name] = LeNet.Write,
        [LeNetSmall.Name] = LeNetSmall.Write,
        [LeNet300.Name] = LeNet300.Write,
        [ResNet8.Name] = ResNet8.Write,
    };

    /// <summary>The names that <see cref="Build"/> knows.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Models.Keys];

    /// <summary>Whether a model takes pictures: [channels, height, width], and no flat row of values.</summary>
    /// <param name="name">One of <see cref="Names"/>; false for others.</param>
    public static bool TakesPictures(string name) => name is LeNet.Name or LeNetSmall.Name or ResNet8.Name;

    /// <summary>A model with its initial weights. The same key gives the same values on every machine.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="inputShape">Shape of one sample, e.g. [1, 28, 28]: channels first.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="key">The key from which the initial weights are drawn.</param>
    /// <exception cref="ArgumentException">No model has that name, or the model does not fit the input.</exception>
    public static ModelGraph Build(string name, IReadOnlyList<int> inputShape, int classes, RandomKey key)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (!Models.TryGetValue(name, out var write))
        {
            var nearest = Names.OrderBy(known => EditDistance.Between(known, name));
            throw new ArgumentException($"There is no model '{name}'; the built-in models are {string.Join(", ", nearest)}.",
                nameof(name));
        }

        var network = new GraphBuilder(inputShape, key);
        try
        {
            return write(network, classes).Build(name);
        }
        catch (ArgumentException error)
        {
            throw new ArgumentException(
                $"Model '{name}' does not fit samples of shape [{string.Join(", ", inputShape)}]. {error.Message}",
                nameof(inputShape), error);
        }
    }
}
