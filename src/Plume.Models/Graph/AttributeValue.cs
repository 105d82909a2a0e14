namespace Plume.Models.Graph;

/// <summary>The value of a node's attribute: one of the records in this file.</summary>
public abstract record AttributeValue
{
    private protected AttributeValue()
    {
    }

    /// <summary>One integer.</summary>
    public static implicit operator AttributeValue(long value) => new IntValue(value);

    /// <summary>One float.</summary>
    public static implicit operator AttributeValue(float value) => new FloatValue(value);

    /// <summary>One text.</summary>
    public static implicit operator AttributeValue(string value) => new TextValue(value);

    /// <summary>Several integers.</summary>
    public static implicit operator AttributeValue(long[] values) => new IntsValue(values);

    /// <summary>Several floats.</summary>
    public static implicit operator AttributeValue(float[] values) => new FloatsValue(values);

    /// <summary>One tensor.</summary>
    public static implicit operator AttributeValue(Initializer value) => new TensorValue(value);
}

/// <summary>One integer, e.g. <c>axis</c>.</summary>
public sealed record IntValue(long Value) : AttributeValue;

/// <summary>One float, e.g. <c>epsilon</c>.</summary>
public sealed record FloatValue(float Value) : AttributeValue;

/// <summary>One text, e.g. <c>auto_pad</c>.</summary>
public sealed record TextValue(string Value) : AttributeValue;

/// <summary>One tensor, e.g. the <c>value</c> of a Constant.</summary>
public sealed record TensorValue(Initializer Value) : AttributeValue;

/// <summary>Several integers, e.g. <c>strides</c>.</summary>
public sealed record IntsValue(IReadOnlyList<long> Values) : AttributeValue;

/// <summary>Several floats.</summary>
public sealed record FloatsValue(IReadOnlyList<float> Values) : AttributeValue;

/// <summary>Several texts.</summary>
public sealed record TextsValue(IReadOnlyList<string> Values) : AttributeValue;

/// <summary>What is carried as the file has it and not looked into, such as a list of tensors or a type.</summary>
/// <param name="Kind">What it is, in the format's words.</param>
/// <param name="Message">The attribute's bytes in the file.</param>
public sealed record CarriedValue(string Kind, ReadOnlyMemory<byte> Message) : AttributeValue;

/// <summary>
/// A graph inside a node, such as the branch of an If. It is carried as the file has it, but its tensors stand among those of the
/// model.
/// </summary>
/// <param name="Message">The graph's bytes in the file, without the values of <paramref name="Tensors"/>.</param>
/// <param name="Tensors">The model's initializers whose values belong in it, with their number among its tensors.</param>
/// <param name="Nodes">What it computes, with graphs inside of it, and the model's names for its tensors; without other
/// attributes.</param>
/// <param name="Captures">Values that it reads from around it.</param>
public sealed record SubgraphValue(
    ReadOnlyMemory<byte> Message, IReadOnlyList<(int Number, string Name)> Tensors, IReadOnlyList<Node> Nodes,
    IReadOnlyList<string> Captures) : AttributeValue
{
    /// <summary>Names that stand for values inside of it, at any depth; no value around it may be given one.</summary>
    public IReadOnlyCollection<string> Inner { get; init; } = [];
}
