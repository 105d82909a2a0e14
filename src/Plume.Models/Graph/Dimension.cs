using System.Globalization;

namespace Plume.Models.Graph;

/// <summary>One dimension of a value: a fixed length, or a symbol for a length known only at run time (the batch, "N").</summary>
public readonly record struct Dimension
{
    readonly string? symbol;

    Dimension(long length, string? symbol) => (Length, this.symbol) = (length, symbol);

    /// <summary>The length of a fixed dimension; 0 for a symbol.</summary>
    public long Length { get; }

    /// <summary>True where the length is known.</summary>
    public bool IsFixed => symbol is null;

    /// <summary>The name of a symbolic dimension, empty for one without a name; null for a fixed one.</summary>
    public string? Name => symbol;

    /// <summary>A dimension of known length.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    public static Dimension Fixed(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new(length, null);
    }

    /// <summary>A dimension whose length is known at run time: equal names have equal lengths.</summary>
    public static Dimension Symbol(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new(0, name);
    }

    /// <summary><see cref="Fixed"/>.</summary>
    public static implicit operator Dimension(int length) => Fixed(length);

    /// <summary><see cref="Symbol"/>.</summary>
    public static implicit operator Dimension(string name) => Symbol(name);

    /// <summary>The length, or the symbol's name.</summary>
    public override string ToString() => symbol is null ? Length.ToString(CultureInfo.InvariantCulture) : symbol.Length == 0 ? "?"
        : symbol;
}
