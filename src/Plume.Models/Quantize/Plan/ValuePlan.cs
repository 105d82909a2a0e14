using Plume.Models.Graph;

namespace Plume.Models.Quantize.Plan;

/// <summary>
/// Chooses the activations that are quantized: what integer operators read, and what they write where it is not the model's
/// answer. Where levels pass through a node, the value before it is quantized; where a ReLU follows, the value behind it.
/// </summary>
sealed class ValuePlan
{
    readonly ModelGraph graph;
    readonly QuantizationScheme scheme;
    readonly ILookup<string, Node> readers;
    readonly HashSet<string> outputs;
    readonly HashSet<Node> layers;
    readonly HashSet<Node> ends;

    public ValuePlan(ModelGraph graph, QuantizationScheme scheme, PlannedLayer[] layers)
    {
        (this.graph, this.scheme) = (graph, scheme);
        readers = graph.Readers();
        outputs = graph.Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        this.layers = new(layers.Select(layer => layer.Node), ReferenceEqualityComparer.Instance);
        Node[] all = [.. graph.Nodes.Where(OperatorKinds.IsLayer)];
        ends = new(all.Length == 0 ? [] : [all[0], all[^1]], ReferenceEqualityComparer.Instance);
    }

    public PlannedValue[] Choose(int bits)
    {
        var chosen = new Dictionary<string, int>(StringComparer.Ordinal);
        var integers = IntegerNodes();
        foreach (var node in integers)
        {
            int needed = ends.Contains(node) && scheme.EndBits is { } end ? Math.Max(bits, end) : bits;
            foreach (string input in DataInputs(node))
                Need(PlaceFor(input, integers), needed);
            string written = EndOfChain(node.Outputs[0]);
            if (!IsAnswer(written))
                Need(PlaceFor(written, integers), bits);
        }

        return [.. graph.Inputs.Select(input => input.Name).Concat(graph.Nodes.SelectMany(node => node.Outputs))
            .Where(chosen.ContainsKey).Select(name => new PlannedValue(name, chosen[name]))];

        void Need(string value, int atLeast) => chosen[value] = Math.Max(chosen.GetValueOrDefault(value), atLeast);
    }

    // Layers, and other operators where all that they read comes from such nodes or is read by a layer too.
    HashSet<Node> IntegerNodes()
    {
        var integers = new HashSet<Node>(ReferenceEqualityComparer.Instance);
        foreach (var node in graph.Nodes)
        {
            if (layers.Contains(node) || (OperatorKinds.IsInteger(node) && !IsAnswer(EndOfChain(node.Outputs[0])) && node.Inputs.All(IsInteger)))
                integers.Add(node);
        }

        return integers;

        bool IsInteger(string input)
        {
            string root = RootOf(input);
            return readers[root].Any(layers.Contains) || (StartOfChain(root) is { } producer && integers.Contains(producer));
        }
    }

    static IEnumerable<string> DataInputs(Node node) => OperatorKinds.IsLayer(node) ? node.Inputs.Take(1) : node.Inputs;

    // The value whose levels this one has.
    string RootOf(string value)
    {
        while (graph.ProducerOf(value) is { } producer && OperatorKinds.IsPassing(producer))
            value = producer.Inputs[0];
        return value;
    }

    // ONNX Runtime has a fast maximum of integers only between integer convolutions: behind floats, it is taken of floats.
    string PlaceFor(string value, HashSet<Node> integers)
    {
        string root = RootOf(value);
        if (StartOfChain(root) is { } producer && integers.Contains(producer))
            return root;
        for (string each = value; each != root; each = graph.ProducerOf(each)!.Inputs[0])
        {
            if (graph.ProducerOf(each)!.OpType == "MaxPool")
                return each;
        }

        return root;
    }

    // Behind the ReLUs and normalizations that alone read the value.
    string EndOfChain(string value)
    {
        while (!outputs.Contains(value) && readers[value].ToArray() is [var only] && OperatorKinds.IsAttached(only) && only.Inputs[0] == value)
            value = only.Outputs[0];
        return value;
    }

    Node? StartOfChain(string value)
    {
        var producer = graph.ProducerOf(value);
        while (producer is not null && OperatorKinds.IsAttached(producer))
            producer = graph.ProducerOf(producer.Inputs[0]);
        return producer;
    }

    bool IsAnswer(string value) => outputs.Contains(value)
        ? readers[value].All(reader => IsAnswer(reader, value))
        : readers[value].Any() && readers[value].All(reader => IsAnswer(reader, value));

    bool IsAnswer(Node reader, string value) => reader.Input(0) == value
        && (OperatorKinds.IsPassing(reader) || OperatorKinds.IsAttached(reader) || OperatorKinds.IsAnswer(reader))
        && IsAnswer(reader.Outputs[0]);
}
