using Plume.Compression.Lines;

namespace Plume.Compression.Codecs;

/// <summary>What a stage does; a codec's stages stand in this order.</summary>
public enum StageKind
{
    /// <summary>Keeps what the stages to its right drop, and adds it to the next update.</summary>
    Remember,

    /// <summary>Rewrites the values, as many as there were.</summary>
    Transform,

    /// <summary>Keeps some of the values; the others arrive as zero.</summary>
    Select,

    /// <summary>Shares bytes out over the tensors.</summary>
    Allocate,

    /// <summary>Turns values into small integers.</summary>
    Quantize,

    /// <summary>Turns integers into bytes.</summary>
    Code,
}

/// <summary>
/// One step of a <see cref="Codec"/>: an immutable value. Its parameters are its properties, its equality is its
/// identity, and it prints as the notation that parses back to it.
/// </summary>
public abstract record Stage
{
    private protected Stage()
    {
    }

    /// <summary>What the stage does.</summary>
    public abstract StageKind Kind { get; }

    /// <summary>The word that names the stage in the notation.</summary>
    public abstract string Keyword { get; }

    /// <summary>The arguments as the notation writes them, defaults left out.</summary>
    private protected virtual IEnumerable<string> Arguments => [];

    /// <summary>The stage in the notation, such as <c>uniform(4, stochastic)</c>.</summary>
    public sealed override string ToString()
    {
        string arguments = string.Join(", ", Arguments);
        return arguments.Length == 0 ? Keyword : $"{Keyword}({arguments})";
    }
}

/// <summary>A stage that the notation can name.</summary>
interface INotated<TSelf> where TSelf : Stage, INotated<TSelf>
{
    /// <summary>The word that names the stage.</summary>
    static abstract string Word { get; }

    /// <summary>Reads the stage's arguments.</summary>
    /// <exception cref="FormatException">An argument breaks its rule.</exception>
    static abstract TSelf Parse(LineArguments arguments);
}
