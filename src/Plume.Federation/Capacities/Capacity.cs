using System.Globalization;
using System.Numerics;

namespace Plume.Federation.Capacities;

/// <summary>The share of each layer's channels that a client trains: all of them, or a fraction.</summary>
public readonly record struct Capacity
{
    const int LargestDenominator = 1024;

    /// <summary>A share.</summary>
    /// <param name="numerator">From 1 to the denominator.</param>
    /// <param name="denominator">From 1 to 1024.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public Capacity(int numerator, int denominator)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(denominator, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(denominator, LargestDenominator);
        ArgumentOutOfRangeException.ThrowIfLessThan(numerator, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(numerator, denominator);
        int divisor = (int)BigInteger.GreatestCommonDivisor(numerator, denominator);
        (Numerator, Denominator) = (numerator / divisor, denominator / divisor);
    }

    /// <summary>The fraction's numerator, in lowest terms.</summary>
    public int Numerator { get; }

    /// <summary>Its denominator.</summary>
    public int Denominator { get; }

    /// <summary>
    /// Channels of so many that a client of this capacity has: of a few at least one, since the number is rounded up.
    /// </summary>
    public int Of(int channels) => Of(channels, new Capacity(1, 1));

    /// <summary>The same where so many are what another capacity has.</summary>
    public int Of(int channels, Capacity larger)
    {
        long numerator = (long)Numerator * larger.Denominator, denominator = (long)Denominator * larger.Numerator;
        return (int)(((channels * numerator) + denominator - 1) / denominator);
    }

    /// <summary>Whether it is a smaller share than another.</summary>
    public bool IsBelow(Capacity other) => (long)Numerator * other.Denominator < (long)other.Numerator * Denominator;

    /// <summary>
    /// Reads <c>1</c>, or a fraction such as <c>1/4</c>; null where the text is no share above 0 and up to 1, or its denominator
    /// is above 1024.
    /// </summary>
    public static Capacity? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int?[] numbers = [.. text.Split('/')
            .Select(piece => int.TryParse(piece.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
                : (int?)null)];
        return numbers switch
        {
            [1] => new Capacity(1, 1),
            [{ } numerator, { } denominator] when numerator >= 1 && numerator <= denominator
                && denominator <= LargestDenominator => new Capacity(numerator, denominator),
            _ => null,
        };
    }

    /// <summary>The notation.</summary>
    public override string ToString() => Denominator == 1 ? "1"
        : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");
}
