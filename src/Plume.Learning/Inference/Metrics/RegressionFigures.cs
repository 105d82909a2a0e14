namespace Plume.Learning.Inference.Metrics;

/// <summary>How close a model comes to the numbers that it is to predict, in their own units.</summary>
/// <param name="Mse">Mean squared error.</param>
/// <param name="Mae">Mean absolute error.</param>
/// <param name="R2">
/// 1 less the squared error over that of the numbers' mean: 1 is perfect, 0 what their mean would do, below 0 worse than that.
/// Where all numbers agree, 1 for a model without error and 0 for others.
/// </param>
/// <param name="Samples">Samples measured.</param>
/// <remarks>Sums are of 64-bit floats, in the order of the samples.</remarks>
public sealed record RegressionFigures(double Mse, double Mae, double R2, int Samples)
{
    /// <summary>Figures of a model's answers.</summary>
    /// <param name="targets">What is true of each sample, normalized.</param>
    /// <param name="told">What the model says, in the same units.</param>
    /// <param name="scale">What the targets were divided by.</param>
    /// <exception cref="ArgumentException">There are not as many of both, or none.</exception>
    public static RegressionFigures Of(ReadOnlySpan<float> targets, ReadOnlySpan<float> told, double scale = 1)
    {
        if (targets.Length != told.Length || targets.IsEmpty)
            throw new ArgumentException($"{told.Length} answers are of {targets.Length} samples.", nameof(told));
        double squares = 0, sizes = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            double apart = (double)told[i] - targets[i];
            squares += apart * apart;
            sizes += Math.Abs(apart);
        }

        return new RegressionFigures(squares / targets.Length * scale * scale, sizes / targets.Length * scale,
            R2Of(squares, SpreadOf(targets)), targets.Length);
    }

    /// <summary>The sum of squared differences from the mean.</summary>
    internal static double SpreadOf(ReadOnlySpan<float> targets)
    {
        double mean = 0, spread = 0;
        foreach (float target in targets)
            mean += target;
        mean /= Math.Max(1, targets.Length);
        foreach (float target in targets)
            spread += (target - mean) * (target - mean);
        return spread;
    }

    internal static double R2Of(double squares, double spread) => spread > 0 ? 1 - squares / spread : squares == 0 ? 1 : 0;
}
