namespace Plume.Models.Graph;

/// <summary>A named tensor that enters or leaves a graph.</summary>
/// <param name="Name">Unique in its graph.</param>
/// <param name="ElementType">The type of its values.</param>
/// <param name="Shape">Its dimensions; a scalar has none.</param>
public sealed record ValueInfo(string Name, ElementType ElementType, IReadOnlyList<Dimension> Shape)
{
    /// <summary>False where a file leaves even the number of dimensions open; <see cref="Shape"/> is then empty.</summary>
    public bool HasShape { get; init; } = true;

    /// <summary>What the file says of the value beyond this, in its own form.</summary>
    internal ReadOnlyMemory<byte> Unread { get; init; }

    /// <summary>For example <c>x: Float [N, 1, 28, 28]</c>.</summary>
    public override string ToString() =>
        $"{Name}: {ElementType} {(HasShape ? $"[{string.Join(", ", Shape)}]" : "of unknown shape")}";
}
