namespace Plume.Federation.Privacy;

/// <summary>The discrete Fourier transform of a length that is a power of two.</summary>
/// <remarks>Source: Cooley and Tukey, "An Algorithm for the Machine Calculation of Complex Fourier Series", 1965.</remarks>
static class Fourier
{
    /// <summary>Convolves values with themselves in a circle.</summary>
    /// <param name="values">As many as a power of two; become the convolution.</param>
    /// <param name="times">Of how many copies; at least 1.</param>
    public static void SelfConvolve(double[] values, int times)
    {
        int length = values.Length;
        var (cos, sin) = Turns(length);
        double[] real = values, imaginary = new double[length];
        Transform(real, imaginary, cos, sin);
        for (int i = 0; i < length; i++)
        {
            double size = Math.Pow(Math.Sqrt(real[i] * real[i] + imaginary[i] * imaginary[i]), times);
            double angle = Math.Atan2(imaginary[i], real[i]) * times;
            // Conjugated: a second forward transform is then the inverse one.
            (real[i], imaginary[i]) = (size * Math.Cos(angle), -size * Math.Sin(angle));
        }

        Transform(real, imaginary, cos, sin);
        for (int i = 0; i < length; i++)
            values[i] = real[i] / length;
    }

    static (double[] Cos, double[] Sin) Turns(int length)
    {
        double[] cos = new double[length / 2], sin = new double[length / 2];
        for (int i = 0; i < cos.Length; i++)
            (sin[i], cos[i]) = Math.SinCos(-2 * Math.PI * i / length);
        return (cos, sin);
    }

    static void Transform(double[] real, double[] imaginary, double[] cos, double[] sin)
    {
        int length = real.Length;
        Reverse(real, imaginary);
        for (int half = 1; half < length; half *= 2)
        {
            int turn = length / (2 * half);
            for (int start = 0; start < length; start += 2 * half)
            {
                for (int i = start, t = 0; i < start + half; i++, t += turn)
                {
                    int j = i + half;
                    double re = real[j] * cos[t] - imaginary[j] * sin[t], im = real[j] * sin[t] + imaginary[j] * cos[t];
                    (real[j], imaginary[j]) = (real[i] - re, imaginary[i] - im);
                    (real[i], imaginary[i]) = (real[i] + re, imaginary[i] + im);
                }
            }
        }
    }

    // Puts each value where the bits of its place, read backwards, say.
    static void Reverse(double[] real, double[] imaginary)
    {
        for (int i = 1, j = 0; i < real.Length; i++)
        {
            int bit = real.Length >> 1;
            for (; (j & bit) != 0; bit >>= 1)
                j ^= bit;
            j ^= bit;
            if (i >= j)
                continue;
            (real[i], real[j]) = (real[j], real[i]);
            (imaginary[i], imaginary[j]) = (imaginary[j], imaginary[i]);
        }
    }
}
