namespace Plume.Federation.Privacy;

/// <summary>Finds where a bound is just kept.</summary>
static class Root
{
    // More halvings than a double has digits.
    const int Halvings = 200;

    /// <summary>The smallest value from which on a condition that once true stays true holds; rounded to where it does.</summary>
    /// <param name="fails">A value at which it does not hold.</param>
    /// <param name="holds">A larger one at which it does.</param>
    /// <param name="condition">The condition.</param>
    /// <param name="tolerance">How near is near enough, as a share of the value.</param>
    public static double FirstTrue(double fails, double holds, Func<double, bool> condition, double tolerance = 0)
    {
        for (int i = 0; i < Halvings && holds - fails > tolerance * holds; i++)
        {
            double middle = fails + (holds - fails) / 2;
            if (middle <= fails || middle >= holds)
                break;
            if (condition(middle))
                holds = middle;
            else
                fails = middle;
        }

        return holds;
    }
}
