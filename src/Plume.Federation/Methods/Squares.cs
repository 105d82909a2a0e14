namespace Plume.Federation.Methods;

/// <summary>Squares of floats, added up one after another, so that every instruction set gives the same bits.</summary>
static class Squares
{
    /// <summary>Their sum.</summary>
    public static double Of(ReadOnlySpan<float> values)
    {
        double squares = 0;
        foreach (float value in values)
            squares += (double)value * value;
        return squares;
    }
}
