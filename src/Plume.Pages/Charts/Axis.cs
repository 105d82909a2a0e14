namespace Plume.Pages.Charts;

/// <summary>One direction of a chart: which values it spans, where they lie, and where its marks stand.</summary>
/// <param name="Low">The value at the start.</param>
/// <param name="High">The value at the end; above <paramref name="Low"/>.</param>
/// <param name="Logarithmic">Equal ratios, not equal differences, are equally far apart; both ends are then above 0.</param>
/// <param name="Format">Prints a mark's value.</param>
sealed record Axis(double Low, double High, bool Logarithmic, Func<double, string> Format)
{
    const double MostApart = 8;

    /// <summary>An axis that spans the values, with round ends.</summary>
    public static Axis Over(IEnumerable<double> values, Func<double, string> format, bool logarithmic = false)
    {
        double[] all = [.. values];
        double low = all.Min();
        double high = all.Max();
        if (logarithmic)
            return new Axis(low / 1.3, high * 1.3, true, format);
        double step = Step((high > low ? high - low : Math.Max(Math.Abs(high), 1)) / 5);
        double first = Math.Floor(low / step) * step;
        double last = Math.Ceiling(high / step) * step;
        return new Axis(first, last > first ? last : first + step, false, format);
    }

    /// <summary>
    /// An axis of what grows from 0, by ratios where all is above it and some of what is compared is so much larger that the rest
    /// would have no room.
    /// </summary>
    /// <param name="values">All that is drawn.</param>
    /// <param name="compared">What of it is compared.</param>
    /// <param name="format">Prints a mark's value.</param>
    public static Axis OfGrowth(IReadOnlyList<double> values, IReadOnlyList<double> compared, Func<double, string> format) =>
        compared.Count > 0 && values.All(value => value > 0) && compared.Max() > MostApart * compared.Min()
        ? Over(values, format, logarithmic: true) : Over([0, .. values], format);

    /// <summary>Where a value lies, 0 at the start and 1 at the end.</summary>
    public double Place(double value) => Logarithmic
        ? Math.Log(value / Low) / Math.Log(High / Low)
        : (value - Low) / (High - Low);

    /// <summary>Round values at which to put a mark, about five.</summary>
    public IEnumerable<double> Marks => Logarithmic ? RatioMarks() : StepMarks();

    IEnumerable<double> StepMarks()
    {
        double step = Step((High - Low) / 5);
        for (int mark = (int)Math.Ceiling(Low / step - 1e-9); mark * step <= High + step * 1e-9; mark++)
            yield return mark * step;
    }

    IEnumerable<double> RatioMarks()
    {
        // One, two or five in every decade while that gives few marks, else decades alone.
        double decades = Math.Log10(High / Low);
        double[] digits = decades < 1.5 ? [1, 2, 5] : decades < 3 ? [1, 3] : [1];
        for (int decade = (int)Math.Floor(Math.Log10(Low)); decade <= Math.Log10(High); decade++)
            foreach (double digit in digits)
                if (digit * Math.Pow(10, decade) is var mark && mark >= Low && mark <= High)
                    yield return mark;
    }

    // The next of 1, 2, 5 times a power of ten.
    static double Step(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / power) switch { <= 1 => power, <= 2 => 2 * power, <= 5 => 5 * power, _ => 10 * power };
    }
}
