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
