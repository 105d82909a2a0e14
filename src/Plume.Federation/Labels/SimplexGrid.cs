namespace Plume.Federation.Labels;

/// <summary>
/// Soft labels of few bits: of b bits are the distributions whose shares are multiples of 1 / u, with u = 2^b - 1. One bit is the
/// likeliest class alone.
/// </summary>
/// <remarks>
/// The nearest of them is floor(u * p), and what is missing to u goes to the largest remainders, of equal ones to the first.
/// Source: Sattler et al., "Communication-Efficient Federated Distillation", 2020, arXiv:2012.00632.
/// </remarks>
/// <param name="Bits">Bits, 1 to 8.</param>
public readonly record struct SimplexGrid(int Bits)
{
    /// <summary>Levels that the shares of a label add up to.</summary>
    public int Levels => (1 << Bits) - 1;

    /// <summary>The nearest label of so many bits.</summary>
    /// <param name="shares">A distribution: not negative, with a sum of 1 but for rounding.</param>
    /// <param name="levels">Receives a level for each share; they add up to <see cref="Levels"/>.</param>
    public void Quantize(ReadOnlySpan<float> shares, Span<int> levels)
    {
        double sum = 0;
        foreach (float share in shares)
            sum += share;
        var remainders = new (double Remainder, int Place)[shares.Length];
        int missing = Levels;
        for (int i = 0; i < shares.Length; i++)
        {
            double scaled = Levels * (shares[i] / sum);
            levels[i] = Math.Min((int)scaled, missing);
            missing -= levels[i];
            remainders[i] = (levels[i] - scaled, i);
        }

        Array.Sort(remainders);
        for (int i = 0; i < missing; i++)
            levels[remainders[i % shares.Length].Place]++;
    }
}
