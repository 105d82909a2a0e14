using Plume.Compression.Weights;
using Plume.Models.Graph.Channels.Rules;
using Plume.Models.Graph.Shapes;

namespace Plume.Models.Graph.Operators;

/// <summary>What quantization makes of an operator.</summary>
enum QuantizationKind
{
    /// <summary>It stays in floats.</summary>
    Float,

    /// <summary>A product with a weight: what quantization is for.</summary>
    Layer,

    /// <summary>ONNX Runtime has a kernel for integers, between quantized values.</summary>
    Integer,

    /// <summary>Gives back some of the values it was given, so the levels stay the same.</summary>
    Rearranging,

    /// <summary>Does nothing at inference.</summary>
    Idle,

    /// <summary>Belongs to the node before it: what stands between is not quantized, what it writes is.</summary>
    Attached,
}

/// <summary>The role that the tensor has which a node reads in a slot; null for a constant.</summary>
delegate TensorRole? RoleRule(ModelGraph graph, Node node, int slot, Initializer tensor);

/// <summary>The shape of an output after the first.</summary>
delegate IReadOnlyList<Dimension> FurtherShape(NodeInputs inputs, IReadOnlyList<Dimension> first, int slot);

/// <summary>The integers that a node computes, flat, or null where these are not known.</summary>
delegate Number[]? NumberRule(NodeInputs inputs);

/// <summary>Factors of a product: its multiply-adds are the values of one shape times those of another.</summary>
delegate (IEnumerable<Dimension> Each, IEnumerable<Dimension> Over) CostRule(Node node,
    IReadOnlyDictionary<string, IReadOnlyList<Dimension>> shapes);

/// <summary>
/// All that is known of one operator, in one place: shapes, channels, quantization, the weights it reads, and its cost.
/// What runs it is in Plume.Learning, under the same name.
/// </summary>
/// <param name="Name">As in <see cref="Node.OpType"/>.</param>
/// <param name="Shape">The shape of the first output; null where it cannot be told.</param>
sealed record Operator(string Name, ShapeRule? Shape)
{
    /// <summary>Which channels it ties; null where nothing that passes it can be pruned.</summary>
    public ChannelRule? Channels { get; init; }

    /// <summary>The shapes of its other outputs; null where they are that of the first.</summary>
    public FurtherShape? Further { get; init; }

    /// <summary>The channels of its other outputs are those of the first; else nothing can be taken from these.</summary>
    public bool GivesParts { get; init; }

    /// <summary>Integers that it computes of integers; null where none are followed.</summary>
    public NumberRule? Numbers { get; init; }

    /// <summary>What quantization makes of it.</summary>
    public QuantizationKind Quantization { get; init; }

    /// <summary>Turns a classifier's scores into its answer.</summary>
    public bool IsAnswer { get; init; }

    /// <summary>Hands a weight on to a product: an exporter's transpose, a quantization.</summary>
    public bool HandsOn { get; init; }

    /// <summary>The roles of the tensors that it reads; null where none is learned.</summary>
    public RoleRule? Roles { get; init; }

    /// <summary>Multiply-adds of a product; null where it is free by convention.</summary>
    public CostRule? Cost { get; init; }

    /// <summary>A product, whose added vector is a bias.</summary>
    public bool IsProduct => Cost is not null;
}
