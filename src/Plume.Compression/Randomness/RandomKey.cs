namespace Plume.Compression.Randomness;

/// <summary>
/// A place in a tree of independent random streams. A key is a value: folding the same names into the same seed gives
/// the same draws on every machine, thread count and instruction set, and no draw disturbs another.
/// </summary>
/// <remarks>
/// Draws are SplitMix64 outputs at counter positions. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014. Not for cryptography.
/// </remarks>
public readonly record struct RandomKey(ulong Value)
{
    const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>The root key of a run.</summary>
    public static RandomKey FromSeed(ulong seed) => new(Mix(seed + Golden));

    /// <summary>The key of a numbered child: a round, a client, a tensor.</summary>
    public RandomKey Fold(ulong child) => new(Mix(Value ^ Mix(child + Golden)));

    /// <summary>The key of a named child: a purpose such as "selection" or "initialization".</summary>
    public RandomKey Fold(string child)
    {
        // FNV-1a over UTF-16 units: string.GetHashCode differs from process to process.
        ulong hash = 14695981039346656037;
        foreach (char unit in child)
            hash = (hash ^ unit) * 1099511628211;
        return Fold(hash);
    }

    /// <summary>The draw at a counter position: 64 uniform bits.</summary>
    public ulong Bits(ulong position) => Mix(Value + (position + 1) * Golden);

    /// <summary>The draw at a counter position: uniform in [0, 1), a multiple of 2^-24.</summary>
    public float Uniform(ulong position) => (Bits(position) >> 40) * (1f / (1 << 24));

    static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
