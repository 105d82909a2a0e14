namespace Plume.Learning.Leaks;

/// <summary>How near what was read off one update of a client comes to its samples.</summary>
/// <param name="Members">For each of its samples.</param>
/// <param name="Others">For as many that nobody has: what is as near to these is no sample that was given away.</param>
public sealed record ReconstructionTrial(IReadOnlyList<Nearest> Members, IReadOnlyList<Nearest> Others);

/// <summary>How much of samples can be read off updates.</summary>
/// <param name="Recovered">The share of samples that were read with an error below <see cref="Recognizable"/>.</param>
/// <param name="Best">The error of each update's best sample, the mean over updates.</param>
/// <param name="Median">The median error over all samples.</param>
/// <param name="PeakRatio">The peak signal-to-noise ratio of each update's best sample in dB, the median over updates.</param>
public sealed record ReconstructionFigures(double Recovered, double Best, double Median, double PeakRatio)
{
    /// <summary>
    /// A tenth of what the mean of held-out samples is away from a sample: people recognize a picture that is as near.
    /// </summary>
    public const double Recognizable = 0.1;

    /// <summary>The figures of clients' samples.</summary>
    /// <param name="trials">One or more updates, each of a client with samples.</param>
    public static ReconstructionFigures OfMembers(IReadOnlyList<ReconstructionTrial> trials)
    {
        ArgumentNullException.ThrowIfNull(trials);
        return Of([.. trials.Select(trial => trial.Members)]);
    }

    /// <summary>The same of samples that nobody has, by the same updates: the yardstick.</summary>
    /// <param name="trials">One or more updates, each of a client with samples.</param>
    public static ReconstructionFigures OfOthers(IReadOnlyList<ReconstructionTrial> trials)
    {
        ArgumentNullException.ThrowIfNull(trials);
        return Of([.. trials.Select(trial => trial.Others)]);
    }

    static ReconstructionFigures Of(IReadOnlyList<Nearest>[] updates)
    {
        Nearest[] all = [.. updates.SelectMany(samples => samples)];
        return new ReconstructionFigures((double)all.Count(sample => sample.Error < Recognizable) / all.Length,
            updates.Average(samples => samples.Min(sample => sample.Error)), Middle(all.Select(sample => sample.Error)),
            Middle(updates.Select(samples => samples.Max(sample => sample.PeakRatio))));
    }

    static double Middle(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
