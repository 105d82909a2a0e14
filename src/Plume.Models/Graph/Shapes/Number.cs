namespace Plume.Models.Graph.Shapes;

/// <summary>An integer that a graph computes with: known, or the length that a symbol stands for.</summary>
readonly record struct Number(long Value, Dimension? Symbol)
{
    public static implicit operator Number(long value) => new(value, null);

    public static implicit operator Number(Dimension dimension) =>
        new(dimension.IsFixed ? dimension.Length : 0, dimension.IsFixed ? default(Dimension?) : dimension);
}
