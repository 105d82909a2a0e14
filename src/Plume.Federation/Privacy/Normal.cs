namespace Plume.Federation.Privacy;

/// <summary>The standard normal distribution, to about fifteen digits, in its tails too.</summary>
/// <remarks>Source: Cody, "Rational Chebyshev Approximations for the Error Function", Mathematics of Computation 1969.</remarks>
static class Normal
{
    static readonly double[] NearTop =
        [1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3];
    static readonly double[] NearBottom =
        [1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3];

    static readonly double[] MiddleTop =
    [
        2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1, 2.98635138197400131e2,
        8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
    ];

    static readonly double[] MiddleBottom =
    [
        1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
        3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
    ];

    static readonly double[] FarTop =
        [1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1, 1.60837851487422766e-2,
            6.58749161529837803e-4];
    static readonly double[] FarBottom =
        [1, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3];

    /// <summary>The chance of a value of at most x.</summary>
    public static double Below(double x) => Above(-x);

    /// <summary>The chance of a value above x.</summary>
    public static double Above(double x) => x < 0 ? 1 - Above(-x) : Math.Exp(-x * x / 2) * ScaledAbove(x);

    /// <summary>The chance of a value above x, times e^(x²/2): for x of 0 or more, where it loses no digits.</summary>
    public static double ScaledAbove(double x) => double.IsPositiveInfinity(x) ? 0 : ScaledComplement(x / Math.Sqrt(2)) / 2;

    // e^(x²) erfc(x) for x >= 0.
    static double ScaledComplement(double x)
    {
        double square = x * x;
        if (x <= 0.46875)
            return Math.Exp(square) * (1 - x * Ratio(NearTop, NearBottom, square));
        if (x <= 4)
            return Ratio(MiddleTop, MiddleBottom, x);
        double inverse = 1 / square;
        return (1 / Math.Sqrt(Math.PI) - inverse * Ratio(FarTop, FarBottom, inverse)) / x;
    }

    static double Ratio(double[] top, double[] bottom, double x) => Horner(top, x) / Horner(bottom, x);

    static double Horner(double[] coefficients, double x)
    {
        double sum = 0;
        foreach (double coefficient in coefficients)
            sum = sum * x + coefficient;
        return sum;
    }
}
