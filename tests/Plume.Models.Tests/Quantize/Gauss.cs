using Plume.Models.Graph;

namespace Plume.Models.Tests;

/// <summary>What theory says of normal values of deviation 1.</summary>
static class Gauss
{
    /// <summary>
    /// The best distance of 2^bits levels with none at 0, and its signal to noise ratio in dB, at 1 to 8 bits. Source: Max,
    /// "Quantizing for Minimum Distortion", 1960.
    /// </summary>
    public static (double Step, double Decibels)[] EvenLevels { get; } =
        [(1.596, 4.40), (0.996, 9.25), (0.586, 14.27), (0.335, 19.38), (0.188, 24.57), (0.104, 29.83), (0.0569, 35.17),
            (0.0308, 40.57)];

    /// <summary>The expected squared error, from the density, by the rule of the middle.</summary>
    public static double Error(FakeQuantizer quantizer, double scale)
    {
        const int Steps = 40_000;
        const double End = 8;
        double sum = 0;
        for (int i = 0; i < Steps; i++)
        {
            double x = ((i + 0.5) / Steps * 2 - 1) * End, error = x - quantizer.Quantize((float)x, (float)scale);
            sum += Math.Exp(-x * x / 2) * error * error;
        }

        return sum * 2 * End / Steps / Math.Sqrt(2 * Math.PI);
    }

    /// <summary>The scale of the least expected squared error.</summary>
    public static double BestScale(FakeQuantizer quantizer)
    {
        double low = 1.0 / quantizer.Highest / 2, high = 8.0 / quantizer.Highest;
        while (high / low > 1.0002)
        {
            double a = low + (high - low) * 0.4, b = low + (high - low) * 0.6;
            if (Error(quantizer, a) < Error(quantizer, b))
                high = b;
            else
                low = a;
        }

        return (low + high) / 2;
    }

    public static double Decibels(double error) => -10 * Math.Log10(error);
}
