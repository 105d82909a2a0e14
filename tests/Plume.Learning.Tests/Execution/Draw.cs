using Plume.Compression.Randomness;
using Plume.Models.Graph;

namespace Plume.Learning.Tests.Execution;

/// <summary>Draws what a random use of an operator is made of, and collects its initializers.</summary>
sealed class Draw(ulong seed)
{
    RandomDraws draws = new(RandomKey.FromSeed(seed));

    public List<Initializer> Initializers { get; } = [];

    public bool Coin => draws.NextInt(2) == 1;

    public int Int(int from, int to) => from + draws.NextInt(to - from + 1);

    public T Of<T>(params T[] choices) => choices[draws.NextInt(choices.Length)];

    public int[] Shape(int fewest = 1, int most = 4) => [.. Enumerable.Range(0, Int(fewest, most)).Select(_ => Int(1, 4))];

    /// <summary>Halves, so that some are equal.</summary>
    public float[] Values(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => MathF.Round((float)draws.NextNormal() * 4) / 2)];

    /// <summary>The same shape with some lengths 1, and some in front left out.</summary>
    public int[] Shrunk(int[] shape) => [.. shape.Skip(Int(0, shape.Length)).Select(length => Coin ? 1 : length)];

    public string Floats(params int[] shape) => Add(Initializer.Of($"c{Initializers.Count}", shape, Values(Count(shape))));

    public string Positive(params int[] shape) =>
        Add(Initializer.Of($"c{Initializers.Count}", shape,
            Array.ConvertAll(Values(Count(shape)), value => Math.Abs(value) + 0.5f)));

    public string Ints(params long[] values) => Add(Initializer.Of($"c{Initializers.Count}", [values.Length], values));

    public string Scalar(float value) => Add(Initializer.Of($"c{Initializers.Count}", [], [value]));

    public string Scalar(long value) => Add(Initializer.Of($"c{Initializers.Count}", [], [value]));

    public string Bools(params int[] shape) =>
        Add(new Initializer($"c{Initializers.Count}", ElementType.Bool, shape,
            Array.ConvertAll(Values(Count(shape)), value => (byte)(value > 0 ? 1 : 0))));

    public string Add(Initializer tensor)
    {
        Initializers.Add(tensor);
        return tensor.Name;
    }

    /// <summary>Axes, each once, some counted from the back.</summary>
    public long[] Axes(int rank, int fewest = 1)
    {
        int[] all = [.. Enumerable.Range(0, rank)];
        draws.Shuffle(all.AsSpan());
        return [.. all.Take(Int(fewest, rank)).Select(axis => Axis(axis, rank))];
    }

    public long Axis(int axis, int rank) => Coin ? axis : axis - rank;

    static int Count(int[] shape) => shape.Aggregate(1, (product, length) => product * length);
}

/// <summary>A use of an operator: the shape of the float input x, the nodes that end in y, and the operator set.</summary>
sealed record Use(int[] X, int Opset, params Node[] Nodes)
{
    public static Node Node(string op, string inputs, params (string Name, AttributeValue Value)[] attributes) =>
        To("y", op, inputs, attributes);

    public static Node To(string outputs, string op, string inputs, params (string Name, AttributeValue Value)[] attributes) =>
        new(outputs == "y" ? "n"
            : $"n-{outputs}", op, [.. inputs.Split(' ').Select(name => name == "-" ? "" : name)], outputs.Split(' '),
            attributes.ToDictionary(entry => entry.Name, entry => entry.Value));
}
