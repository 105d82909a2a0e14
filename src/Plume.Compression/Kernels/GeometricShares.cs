namespace Plume.Compression.Kernels;

/// <summary>How fast shares fall with the distance.</summary>
enum Fall
{
    /// <summary>By a constant ratio.</summary>
    Even,

    /// <summary>The slower the farther: a tail like the power -8 of the distance.</summary>
    Slowing,

    /// <summary>A tail like the power -3.</summary>
    Slow,

    /// <summary>The faster the farther, as a normal distribution's.</summary>
    Quickening,
}

/// <summary>
/// A parametric table: the shares of tokens by their distance from the most likely one. Whole numbers and products of
/// doubles make them, so that they are the same on every machine.
/// </summary>
/// <param name="Scale">The mean distance as a power of 2: 8 steps an octave.</param>
/// <param name="Fall">How the shares fall.</param>
/// <param name="Peak">The share of the shape's peak, in 256ths, plus a half; 0 where it has none.</param>
/// <param name="Reach">The last class that occurs.</param>
readonly record struct GeometricShares(int Scale, Fall Fall, int Peak, int Reach)
{
    public const int ScaleBits = 8;
    public const int FallBits = 2;
    public const int PeakBits = 8;
    const int StepsPerOctave = 8;
    const int LowestOctave = -6;
    public const int MaxScale = (16 - LowestOctave) * StepsPerOctave;
    const double One = 1L << 40;

    static readonly double[] Steps = MakeSteps();

    /// <summary>The scale nearest to a mean distance.</summary>
    public static int ScaleOf(double mean)
    {
        int scale = 0;
        while (scale < MaxScale && MeanOf(scale) < mean)
            scale++;
        return scale;
    }

    /// <summary>Sets weights in proportion to the shares; a token beyond the reach gets none, all others at least 1.</summary>
    public void Weigh(TokenShape shape, Span<long> weights)
    {
        weights.Clear();
        Span<double> mass = stackalloc double[256];
        double total = MassOfClasses(shape, mass);
        double others = shape.Peak < 0 ? One : One * (256 - Peak - 0.5) / 256;
        for (int token = 0; token < shape.Tokens; token++)
        {
            int place = shape.ClassOf[token];
            if (token == shape.Peak)
                weights[token] = total == 0 ? 1 : (long)(One * (Peak + 0.5) / 256);
            else if (place >= 0 && place <= Reach)
                weights[token] = 1 + (long)(others * mass[place] / total);
        }
    }

    // The total counts a class once for each of its tokens.
    double MassOfClasses(TokenShape shape, Span<double> mass)
    {
        double left = 1;
        for (int place = 0; place <= Math.Min(Reach, shape.Classes - 1); place++)
        {
            double next = Beyond(shape.Bounds[place + 1]);
            mass[place] = left - next;
            left = next;
        }

        double total = 0;
        foreach (short place in shape.ClassOf)
        {
            if (place >= 0 && place <= Reach)
                total += mass[place];
        }

        return total;
    }

    // The share of distances that are at least this.
    double Beyond(int distance)
    {
        double mean = MeanOf(Scale);
        switch (Fall)
        {
            case Fall.Even:
                return Power(mean / (1 + mean), distance);
            case Fall.Quickening:
                return Power(mean / (1 + mean), (long)distance * (distance + 1) / 2);
            default:
                int power = Fall == Fall.Slow ? 3 : 8;
                return 1 / Power(1 + distance / (power * mean), power);
        }
    }

    static double MeanOf(int scale) => Steps[scale % StepsPerOctave] * (scale / StepsPerOctave + LowestOctave is >= 0 and var octave
        ? 1 << octave
        : 1.0 / (1 << -(scale / StepsPerOctave + LowestOctave)));

    static double Power(double value, long exponent)
    {
        double power = 1;
        for (; exponent > 0 && power > 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0)
                power *= value;
            value *= value;
        }

        return power;
    }

    // 2^(1/8) is rounded once here; its powers are products.
    static double[] MakeSteps()
    {
        var steps = new double[StepsPerOctave];
        steps[0] = 1;
        for (int step = 1; step < StepsPerOctave; step++)
            steps[step] = steps[step - 1] * 1.0905077326652577;
        return steps;
    }
}
