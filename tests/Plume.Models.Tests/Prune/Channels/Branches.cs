using Plume.Models.Graph;

namespace Plume.Models.Tests;

/// <summary>Writes graphs node by node, for what a chain of layers cannot say; every tensor has normal values.</summary>
sealed class Branches
{
    readonly List<Node> nodes = [];
    readonly List<Initializer> tensors = [];

    /// <summary>Adds a node; inputs are values or new tensors written as <c>name[2,3]</c>.</summary>
    public Branches Add(string op, string output, string inputs, params (string, AttributeValue)[] attributes)
    {
        nodes.Add(new(output, op, [.. inputs.Split(' ').Select(Input)], [output],
            attributes.ToDictionary(pair => pair.Item1, pair => pair.Item2)));
        return this;
    }

    /// <summary>Adds a tensor of integers.</summary>
    public Branches Add(string name, params long[] values)
    {
        tensors.Add(Initializer.Of(name, [values.Length], values));
        return this;
    }

    public ModelGraph Build(Dimension[] input, Dimension[] output) => new(
        "branches", [new("x", ElementType.Float, input)], [new("y", ElementType.Float, output)], nodes, tensors);

    string Input(string text)
    {
        if (text.IndexOf('[', StringComparison.Ordinal) is var start && start < 0)
            return text;
        int[] shape = [.. text[(start + 1)..^1].Split(',').Select(int.Parse)];
        int length = shape.Aggregate(1, (product, each) => product * each);
        // Variances must be positive.
        tensors.Add(Initializer.Of(text[..start], shape,
            [.. Some.Normal(length, text)
                .Select(value => text.StartsWith("var", StringComparison.Ordinal) ? 1 + value * value : value / 2)]));
        return text[..start];
    }
}
