namespace Plume.Compression.Kernels.RansCoding;

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
    const int PowerCount = 33;
    const double Least = 1.0 / (1L << 40);

    static readonly double[] Steps = MakeSteps();

    /// <summary>The scale nearest to a mean distance.</summary>
    public static int ScaleOf(double mean)
    {
        int scale = 0;
        while (scale < MaxScale && MeanOf(scale) < mean)
            scale++;
        return scale;
    }

    /// <summary>Sets weights in proportion to the shares; only tokens beyond the reach get none.</summary>
    [System.Runtime.CompilerServices.SkipLocalsInit]
    public void Weigh(TokenShape shape, Span<double> weights)
    {
        weights.Clear();
        Span<double> mass = stackalloc double[256];
        double left = 1, total = 0, mean = MeanOf(Scale);
        Span<double> powers = stackalloc double[PowerCount];
        Square(mean / (1 + mean), powers);
        for (int place = 0; place <= Reach; place++)
        {
            int distance = shape.Bounds[place + 1];
            double next = Fall switch
            {
                Fall.Even => left * Power(powers, distance - shape.Bounds[place]),
                Fall.Quickening => left == 0 ? 0 : Power(powers, (long)distance * (distance + 1) / 2),
                Fall.Slowing => 1 / Eighth(1 + distance / (8 * mean)),
                _ => 1 / Cube(1 + distance / (3 * mean)),
            };
            mass[place] = left - next;
            left = next;
        }

        foreach (short place in shape.ClassOf)
        {
            if (place >= 0 && place <= Reach)
                total += mass[place];
        }

        double others = (shape.Peak < 0 ? 1 : (256 - Peak - 0.5) / 256) / total;
        for (int token = 0; token < shape.Tokens; token++)
        {
            int place = shape.ClassOf[token];
            if (place >= 0 && place <= Reach)
                weights[token] = Least + others * mass[place];
        }

        if (shape.Peak >= 0)
            weights[shape.Peak] = (Peak + 0.5) / 256;
    }

    static double MeanOf(int scale) =>
        Steps[scale % StepsPerOctave] * (scale / StepsPerOctave + LowestOctave is >= 0 and var octave
        ? 1 << octave
        : 1.0 / (1 << -(scale / StepsPerOctave + LowestOctave)));

    // The powers 1, 2, 4, ... of a ratio.
    static void Square(double ratio, Span<double> powers)
    {
        foreach (ref double power in powers)
        {
            power = ratio;
            ratio *= ratio;
        }
    }

    static double Power(ReadOnlySpan<double> powers, long exponent)
    {
        double power = 1;
        for (; exponent != 0 && power > 0; exponent &= exponent - 1)
            power *= powers[System.Numerics.BitOperations.TrailingZeroCount(exponent)];
        return power;
    }

    static double Cube(double value) => value * value * value;

    static double Eighth(double value)
    {
        double square = value * value, fourth = square * square;
        return fourth * fourth;
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
