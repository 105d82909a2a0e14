using Plume.Compression.Wire;

namespace Plume.Models.Graph;

/// <summary>One operation of a graph.</summary>
/// <param name="Name">For messages; a graph does not need it to be unique, and it may be empty.</param>
/// <param name="OpType">The operator: <c>Conv</c>; with its domain in front where that is not ONNX's own:
/// <c>com.microsoft.FusedConv</c>.</param>
/// <param name="Inputs">Names of the values read; empty where an optional input is left out.</param>
/// <param name="Outputs">Names of the values written; empty where an optional output is not wanted.</param>
/// <param name="Attributes">The operator's settings by name.</param>
public sealed record Node(
    string Name,
    string OpType,
    IReadOnlyList<string> Inputs,
    IReadOnlyList<string> Outputs,
    IReadOnlyDictionary<string, AttributeValue> Attributes)
{
    static readonly Dictionary<string, AttributeValue> None = [];

    /// <summary>A node without attributes.</summary>
    public Node(string name, string opType, IReadOnlyList<string> inputs, IReadOnlyList<string> outputs)
        : this(name, opType, inputs, outputs, None)
    {
    }

    /// <summary>What the file says of the node beyond this, in its own form; null for a node that comes from no file.</summary>
    internal ReadOnlyMemory<byte>? Unread { get; init; }

    /// <summary>
    /// All values that it needs: its inputs, and what graphs inside of it read from around them or hold as tensors.
    /// </summary>
    public IEnumerable<string> Reads => Inputs.Where(input => input.Length > 0)
        .Concat(Subgraphs.SelectMany(subgraph => subgraph.Captures.Concat(subgraph.Tensors.Select(tensor => tensor.Name))));

    /// <summary>The graphs inside of it, such as the branches of an If.</summary>
    public IEnumerable<SubgraphValue> Subgraphs => Attributes.Values.OfType<SubgraphValue>();

    /// <summary>The name of an input, or null where it is left out.</summary>
    public string? Input(int slot) => slot < Inputs.Count && Inputs[slot].Length > 0 ? Inputs[slot] : null;

    /// <summary>True where the attribute is given.</summary>
    public bool Has(string attribute) => Attributes.ContainsKey(attribute);

    /// <summary>An integer attribute, or <paramref name="fallback"/> where it is not given.</summary>
    /// <exception cref="InvalidPayloadException">The attribute has another type.</exception>
    public long Int(string attribute, long fallback) => Find<IntValue>(attribute)?.Value ?? fallback;

    /// <summary>A float attribute, or <paramref name="fallback"/> where it is not given.</summary>
    /// <exception cref="InvalidPayloadException">The attribute has another type.</exception>
    public float Float(string attribute, float fallback) => Find<FloatValue>(attribute)?.Value ?? fallback;

    /// <summary>A text attribute, or <paramref name="fallback"/> where it is not given.</summary>
    /// <exception cref="InvalidPayloadException">The attribute has another type.</exception>
    public string Text(string attribute, string fallback) => Find<TextValue>(attribute)?.Value ?? fallback;

    /// <summary>A list of integers, or <paramref name="fallback"/> where it is not given.</summary>
    /// <exception cref="InvalidPayloadException">The attribute has another type.</exception>
    public long[] Ints(string attribute, params long[] fallback) => Find<IntsValue>(attribute) is { } found ? [.. found.Values]
        : fallback;

    /// <summary>A list of floats, or <paramref name="fallback"/> where it is not given.</summary>
    /// <exception cref="InvalidPayloadException">The attribute has another type.</exception>
    public float[] Floats(string attribute, params float[] fallback) => Find<FloatsValue>(attribute) is { } found
        ? [.. found.Values] : fallback;

    /// <summary>A tensor attribute, or null where it is not given.</summary>
    /// <exception cref="InvalidPayloadException">The attribute has another type.</exception>
    public Initializer? Tensor(string attribute) => Find<TensorValue>(attribute)?.Value;

    TAttribute? Find<TAttribute>(string attribute) where TAttribute : AttributeValue =>
        Attributes.GetValueOrDefault(attribute) switch
        {
            null => null,
            TAttribute found => found,
            var other => throw new InvalidPayloadException(
                $"Attribute '{attribute}' of {this} is of type {KindOf(other.GetType())}, but {OpType} needs "
                    + $"{KindOf(typeof(TAttribute))}."),
        };

    static string KindOf(Type attribute) => attribute.Name.Replace("Value", "", StringComparison.Ordinal);

    /// <summary>For example <c>node 'conv1' (Conv)</c>; a node without a name goes by its first output.</summary>
    public override string ToString() => $"node '{(Name.Length > 0 || Outputs.Count == 0 ? Name : Outputs[0])}' ({OpType})";
}
