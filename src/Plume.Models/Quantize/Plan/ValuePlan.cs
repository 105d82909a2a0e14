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
    readonly HashSet<Node> endLayers;
    readonly HashSet<string> answers;
    readonly Dictionary<string, string> roots = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> ends = new(StringComparer.Ordinal);
    readonly Dictionary<string, Node> starts = new(StringComparer.Ordinal);

    public ValuePlan(ModelGraph graph, QuantizationScheme scheme, PlannedLayer[] layers)
    {
        (this.graph, this.scheme) = (graph, scheme);
        readers = graph.Readers();
        outputs = graph.Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        answers = Answers();
        TellChains();
        this.layers = new(layers.Select(layer => layer.Node), ReferenceEqualityComparer.Instance);
        Node[] all = [.. graph.Nodes.Where(OperatorKinds.IsLayer)];
        endLayers = new(all.Length == 0 ? [] : [all[0], all[^1]], ReferenceEqualityComparer.Instance);
    }

    public PlannedValue[] Choose(int bits)
    {
        var chosen = new Dictionary<string, int>(StringComparer.Ordinal);
        var integers = IntegerNodes();
        foreach (var node in integers)
        {
            int needed = endLayers.Contains(node) && scheme.EndBits is { } end ? Math.Max(bits, end) : bits;
            foreach (string input in DataInputs(node))
                Need(PlaceFor(input, integers), needed);
            string written = EndOfChain(node.Outputs[0]);
            if (!answers.Contains(written))
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
            if (layers.Contains(node)
                || (OperatorKinds.IsInteger(node) && !answers.Contains(EndOfChain(node.Outputs[0]))
                && node.Inputs.All(IsInteger)))
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
    string RootOf(string value) => roots.GetValueOrDefault(value, value);

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
    string EndOfChain(string value) => ends.GetValueOrDefault(value, value);

    Node? StartOfChain(string value) => starts.GetValueOrDefault(value);

    // Chains are told once, each value from its neighbour: a foreign file may have long ones, and many that read them.
    void TellChains()
    {
        foreach (var node in graph.Nodes)
        {
            foreach (string output in node.Outputs.Where(output => output.Length > 0))
            {
                if (OperatorKinds.IsPassing(node))
                    roots[output] = RootOf(node.Inputs[0]);
                if ((OperatorKinds.IsAttached(node) ? StartOfChain(node.Inputs[0]) : node) is { } start)
                    starts[output] = start;
            }
        }

        foreach (var node in graph.Nodes.Reverse().Where(OperatorKinds.IsAttached))
        {
            string value = node.Inputs[0];
            if (!outputs.Contains(value) && readers[value].Take(2).Count() == 1)
                ends[value] = EndOfChain(node.Outputs[0]);
        }
    }

    // From the end to the front, so that a long chain is no deep recursion: a value is an answer where all that reads it makes
    // one of it.
    HashSet<string> Answers()
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (string value in graph.Nodes.SelectMany(node => node.Outputs).Reverse()
            .Concat(graph.Inputs.Select(input => input.Name)))
        {
            if ((outputs.Contains(value) || readers.Contains(value))
                && readers[value].All(reader => IsAnswer(reader, value, found)))
                found.Add(value);
        }

        return found;
    }

    static bool IsAnswer(Node reader, string value, HashSet<string> found) => reader.Input(0) == value
        && (OperatorKinds.IsPassing(reader) || OperatorKinds.IsAttached(reader) || OperatorKinds.IsAnswer(reader))
        && found.Contains(reader.Outputs[0]);
}
