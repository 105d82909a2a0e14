using Plume.Compression.Weights;
using Plume.Models.Graph.Operators;

namespace Plume.Models.Graph;

/// <summary>
/// A model: an ONNX graph and its initial values. It does not change; <see cref="With"/> gives another graph. Source:
/// the ONNX specification, onnx.ai, "Open Neural Network Exchange Intermediate Representation".
/// </summary>
public sealed class ModelGraph
{
    /// <summary>The operator set that the built-in models are written in.</summary>
    public const int DefaultOpset = 13;

    readonly Dictionary<string, Initializer> initializers;
    readonly Dictionary<string, Node> producers = new(StringComparer.Ordinal);

    /// <summary>Checks the graph and takes it as it is.</summary>
    /// <exception cref="ArgumentException">
    /// A name has two origins, a node reads what is not yet written, an output is not written, or there is no output.
    /// </exception>
    public ModelGraph(
        string name,
        IReadOnlyList<ValueInfo> inputs,
        IReadOnlyList<ValueInfo> outputs,
        IReadOnlyList<Node> nodes,
        IReadOnlyList<Initializer> initializers,
        int opsetVersion = DefaultOpset)
    {
        if (GraphRules.Violation(inputs, outputs, nodes, initializers) is { } problem)
            throw new ArgumentException(problem);
        (Name, OpsetVersion) = (name, opsetVersion);
        (Inputs, Outputs, Nodes, Initializers) = ([.. inputs], [.. outputs], [.. nodes], [.. initializers]);
        this.initializers = Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var node in Nodes)
        {
            foreach (string output in node.Outputs.Where(output => output.Length > 0))
                producers.Add(output, node);
        }

        var roles = TensorRoles.Of(this);
        Weights = ModelLayout.Of(Initializers
            .Where(tensor => roles.ContainsKey(tensor.Name))
            .Select(tensor => (tensor.Name, tensor.Shape.ToArray(), roles[tensor.Name].Role, roles[tensor.Name].Axis)));
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>What the caller feeds: the samples. Initializers are not among them.</summary>
    public IReadOnlyList<ValueInfo> Inputs { get; }

    /// <summary>What the graph gives back.</summary>
    public IReadOnlyList<ValueInfo> Outputs { get; }

    /// <summary>The operations, each after those whose outputs it reads.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Weights, statistics and constants.</summary>
    public IReadOnlyList<Initializer> Initializers { get; }

    /// <summary>Version of ONNX's own operator set that the nodes are written in.</summary>
    public int OpsetVersion { get; }

    /// <summary>Versions of other operator sets by domain, for nodes that are not ONNX's own.</summary>
    public IReadOnlyDictionary<string, int> ExtensionOpsets { get; init; } = new Dictionary<string, int>();

    /// <summary>Free notes about the model, kept in its file.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>What the file says of the model beyond this, in its own form: who made it, what it is for, functions.</summary>
    internal ReadOnlyMemory<byte> Unread { get; init; }

    /// <summary>How the file writes just these nodes and tensors, in its own form; empty once they are others.</summary>
    internal ReadOnlyMemory<byte> Form { get; init; }

    /// <summary>
    /// The tensors that learning changes: initializers of floats of any width that are read as weights, biases, normalizations
    /// and statistics, in the order of <see cref="Initializers"/>. Other initializers are constants.
    /// </summary>
    public ModelLayout Weights { get; }

    /// <summary>The initializer of that name, or null.</summary>
    public Initializer? FindInitializer(string name) => initializers.GetValueOrDefault(name);

    /// <summary>The node that writes the value, or null where it is an input or an initializer.</summary>
    public Node? ProducerOf(string value) => producers.GetValueOrDefault(value);

    /// <summary>A copy of the values of the tensors in <see cref="Weights"/>.</summary>
    public ModelWeights ToWeights()
    {
        var weights = new ModelWeights(Weights);
        foreach (var tensor in Weights.Tensors)
            initializers[tensor.Name].CopyTo(weights[tensor]);
        return weights;
    }

    /// <summary>
    /// The same graph with these values in its initializers; the values are copied, and rounded to each tensor's type.
    /// </summary>
    /// <exception cref="ArgumentException">The layout is not <see cref="Weights"/>.</exception>
    public ModelGraph With(ModelWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (!weights.Layout.Equals(Weights))
            throw new ArgumentException($"The weights have another layout than model '{Name}'.", nameof(weights));
        var placed = Weights.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var updated = Initializers.Select(old => placed.TryGetValue(old.Name, out var tensor)
            ? old.WithFloats(weights[tensor])
            : old);
        return Replace(initializers: [.. updated]);
    }

    /// <summary>The same model with these notes in its <see cref="Metadata"/>, in place of those of the same key.</summary>
    public ModelGraph WithMetadata(IEnumerable<KeyValuePair<string, string>> notes)
    {
        ArgumentNullException.ThrowIfNull(notes);
        var all = new Dictionary<string, string>(Metadata, StringComparer.Ordinal);
        foreach (var (key, value) in notes)
            all[key] = value;
        return Replace(metadata: all);
    }

    /// <summary>The tensor that a value stands for where it is an initializer or written by a Constant; null otherwise.</summary>
    public Initializer? FindConstant(string value) =>
        FindInitializer(value) ?? (ProducerOf(value) is { OpType: "Constant" } constant ? constant.Tensor("value") : null);

    /// <summary>The same model, which gives back values from its inside too, after its own outputs.</summary>
    /// <param name="names">Values of floats that nodes write.</param>
    /// <exception cref="ArgumentException">No node writes a value of that name.</exception>
    public ModelGraph Observing(IEnumerable<string> names)
    {
        var own = Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        string[] inner = [.. names.Where(name => !own.Contains(name))];
        return inner.FirstOrDefault(name => ProducerOf(name) is null) is { } unknown
            ? throw new ArgumentException($"The graph has no value '{unknown}'.", nameof(names))
            : Replace(outputs: [.. Outputs,
                .. inner.Select(name => new ValueInfo(name, ElementType.Float, []) { HasShape = false })]);
    }

    /// <summary>The same model with other parts; what is left out stays.</summary>
    /// <exception cref="ArgumentException">The parts do not fit together.</exception>
    internal ModelGraph Replace(
        IReadOnlyList<Node>? nodes = null, IReadOnlyList<Initializer>? initializers = null, int? opset = null,
        IReadOnlyDictionary<string, int>? extensionOpsets = null,
        IReadOnlyDictionary<string, string>? metadata = null, IReadOnlyList<ValueInfo>? outputs = null,
        IReadOnlyList<ValueInfo>? inputs = null) =>
        new(Name, inputs ?? Inputs, outputs ?? Outputs, nodes ?? Nodes, initializers ?? Initializers, opset ?? OpsetVersion)
        {
            ExtensionOpsets = extensionOpsets ?? ExtensionOpsets,
            Metadata = metadata ?? Metadata,
            Unread = Unread,
            Form = inputs is null && outputs is null && (nodes is null || nodes.SequenceEqual(Nodes))
                && (initializers is null || initializers.Select(Kind).SequenceEqual(Initializers.Select(Kind))) ? Form : default,
        };

    static string Kind(Initializer tensor) => tensor.ToString();
}
