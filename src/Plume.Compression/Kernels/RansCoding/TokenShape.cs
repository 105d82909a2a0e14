namespace Plume.Compression.Kernels.RansCoding;

/// <summary>
/// How far from the most likely one each token of an alphabet lies, which is all that a parametric table needs to know of
/// it. Tokens at the same distance form a class; a class spans one distance or more.
/// </summary>
sealed class TokenShape
{
    /// <summary>Marks a token that is in no class.</summary>
    public const short Apart = -1;

    readonly short[] classOf;
    readonly int[] bounds;

    /// <param name="classOf">Each token's class, or <see cref="Apart"/>.</param>
    /// <param name="bounds">Class c spans the distances from bounds[c] to below bounds[c + 1]; bounds[0] is 0.</param>
    /// <param name="peak">The token whose frequency follows no rule, or -1.</param>
    TokenShape(short[] classOf, int[] bounds, int peak)
    {
        this.classOf = classOf;
        this.bounds = bounds;
        Peak = peak;
    }

    public int Peak { get; }

    public int Tokens => classOf.Length;

    public int Classes => bounds.Length - 1;

    public ReadOnlySpan<short> ClassOf => classOf;

    public ReadOnlySpan<int> Bounds => bounds;

    /// <summary>Gaps, from 0 up.</summary>
    public static TokenShape OfGaps()
    {
        var classOf = new short[GapToken.Alphabet];
        var bounds = new int[GapToken.Alphabet + 1];
        for (int token = 0; token < classOf.Length; token++)
        {
            classOf[token] = (short)token;
            bounds[token + 1] = GapToken.Smallest(token) + (1 << GapToken.RestBits(token));
        }

        return new TokenShape(classOf, bounds, -1);
    }

    /// <summary>Magnitudes with a sign in the lowest bit.</summary>
    public static TokenShape OfSignedMagnitudes(int tokens) =>
        Of([.. Enumerable.Range(0, tokens).Select(token => (token >> 1, 1))], -1);

    /// <summary>From the distance of each token (-1 for none) and the number of distances that it spans.</summary>
    public static TokenShape Of((int Distance, int Width)[] tokens, int peak)
    {
        var starts = tokens.Where(token => token.Distance >= 0).Select(token => token.Distance).Distinct().Order().ToList();
        int[] bounds = [.. starts, tokens.Length == 0 ? 1 : tokens.Max(token => token.Distance + token.Width)];
        var classOf = Array.ConvertAll(tokens, token => token.Distance < 0 ? Apart : (short)starts.IndexOf(token.Distance));
        return new TokenShape(classOf, bounds, peak);
    }
}
