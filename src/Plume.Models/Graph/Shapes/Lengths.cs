namespace Plume.Models.Graph.Shapes;

/// <summary>Arithmetic on dimensions: lengths are numbers, symbols stay what they are.</summary>
static class Lengths
{
    const long TooMany = int.MaxValue + 1L;

    /// <summary>The product of the fixed lengths; 2^31 stands for all that is larger than <see cref="int.MaxValue"/>.</summary>
    public static long Product(IEnumerable<Dimension> shape)
    {
        long product = 1;
        foreach (var dimension in shape)
        {
            if (dimension.IsFixed)
                product = Math.Min(product * Math.Min(dimension.Length, TooMany), TooMany);
        }

        return product;
    }

    /// <summary>
    /// All dimensions multiplied to one: a number, the symbol itself where it stands alone, or a symbol without a name.
    /// </summary>
    public static Dimension Merge(IReadOnlyCollection<Dimension> shape)
    {
        var symbols = shape.Where(dimension => !dimension.IsFixed).ToArray();
        long product = Product(shape);
        return symbols.Length == 0 ? Dimension.Fixed(product) : symbols.Length == 1 && product == 1
            ? symbols[0] : Dimension.Symbol("");
    }

    /// <summary>
    /// The length of both where they can be equal, else null. A symbol without a name, or of another name, may be equal to
    /// anything.
    /// </summary>
    public static Dimension? Common(Dimension left, Dimension right) =>
        left == right ? left
        : !left.IsFixed ? right
        : !right.IsFixed ? left
        : default(Dimension?);
}
