namespace Plume.Compression.Weights;

/// <summary>
/// What the two factors of an adapter are called, after the weight W that they change: W + B A. Whoever writes a graph and
/// whoever trains it by turns tell them apart by these names, which are those of the PEFT library.
/// </summary>
public static class AdapterNames
{
    const string OfA = ".lora_A", OfB = ".lora_B";

    /// <summary>Of the factor [rank, inputs], which is drawn at first.</summary>
    public static string A(string weight) => weight + OfA;

    /// <summary>Of the factor [outputs, rank], which is zero at first.</summary>
    public static string B(string weight) => weight + OfB;

    /// <summary>Whether a tensor is a factor A.</summary>
    public static bool IsA(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.EndsWith(OfA, StringComparison.Ordinal);
    }

    /// <summary>Whether a tensor is a factor B.</summary>
    public static bool IsB(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.EndsWith(OfB, StringComparison.Ordinal);
    }
}
