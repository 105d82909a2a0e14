using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Models.Graph;

namespace Plume.Models.Adapt;

/// <summary>
/// Writes B A + W before the layers that read W. The role of a tensor follows from the slot that reads it: factors are read by a
/// product, so they are learned; what a sum of no bias or the first slot of a Gemm reads is a constant, so W is frozen, and A
/// where it is to be.
/// </summary>
sealed class AdapterWriter(ModelGraph graph, int rank, bool freezesA, RandomKey key)
{
    readonly FreeNames names = new(graph);
    readonly List<Node> added = [];
    readonly Dictionary<string, Initializer[]> factors = new(StringComparer.Ordinal);
    readonly List<Initializer> shapes = [];
    readonly Dictionary<string, string> adapted = new(StringComparer.Ordinal);

    public void Add(AdaptedWeight weight)
    {
        string name = weight.Tensor.Name, a = names.Take(AdapterNames.A(name)), b = names.Take(AdapterNames.B(name));
        factors.Add(name, [Drawn(a, weight.Inputs), Initializer.Of(b, [weight.Outputs, rank], new float[weight.Outputs * rank])]);
        var shape = Initializer.Of(names.Take($"{name}_shape"), [weight.Tensor.Shape.Count],
            weight.Tensor.Shape.Select(length => (long)length).ToArray());
        shapes.Add(shape);
        string product = Product(name, a, b), shaped = names.Take($"{name}_change"), sum = names.Take($"{name}_adapted");
        added.Add(new Node("", "Reshape", [product, shape.Name], [shaped]));
        added.Add(new Node("", "Add", [name, shaped], [sum]));
        adapted.Add(name, sum);
    }

    /// <summary>The graph with all that was added; each weight's factors stand where it stands.</summary>
    public ModelGraph ToGraph() => graph.Replace(
        [.. added, .. graph.Nodes.Select(node => node.Reading(input => adapted.GetValueOrDefault(input, input)))],
        [.. graph.Initializers.SelectMany(tensor => factors.TryGetValue(tensor.Name, out var own) ? own.Prepend(tensor)
            : [tensor]), .. shapes]);

    string Product(string name, string a, string b)
    {
        string product = names.Take($"{name}_product");
        if (!freezesA)
        {
            added.Add(new Node("", "MatMul", [b, a], [product]));
            return product;
        }

        string turned = names.Take($"{name}_turned");
        added.Add(new Node("", "Gemm", [a, b], [turned],
            new Dictionary<string, AttributeValue> { ["transA"] = 1L, ["transB"] = 1L }));
        added.Add(new Node("", "Transpose", [turned], [product],
            new Dictionary<string, AttributeValue> { ["perm"] = new long[] { 1, 0 } }));
        return product;
    }

    Initializer Drawn(string name, int inputs)
    {
        var own = key.Fold(name);
        float bound = (float)Math.Sqrt(3.0 / inputs);
        var values = new float[rank * inputs];
        for (int i = 0; i < values.Length; i++)
            values[i] = (2 * own.Uniform((ulong)i) - 1) * bound;
        return Initializer.Of(name, [rank, inputs], values);
    }
}
