namespace Plume.Models.Prune.Connections;

/// <summary>
/// The rate at each step of a training that prunes bit by bit: fast while much is superfluous, slow towards the end.
/// </summary>
/// <remarks>
/// rate(t) = Final + (Initial - Final) * (1 - (t - Start) / Steps)^3 from Start to Start + Steps, held for
/// <paramref name="Every"/> steps. Source: Zhu and Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model
/// compression", 2017, arXiv:1710.01878, equation 1.
/// </remarks>
/// <param name="Final">The rate at the end, 0 to 1.</param>
/// <param name="Steps">Steps from the initial to the final rate: at least 1.</param>
/// <param name="Initial">The rate until <paramref name="Start"/>, 0 to 1.</param>
/// <param name="Start">The step at which pruning begins.</param>
/// <param name="Every">Steps between two changes of the rate: at least 1.</param>
public sealed record GradualSchedule(double Final, int Steps, double Initial = 0, int Start = 0, int Every = 1)
{
    /// <summary>The rate at the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not from 0 to 1.</exception>
    public double Final { get; init => field = Rate(value, nameof(Final)); } = Rate(Final, nameof(Final));

    /// <summary>The rate until pruning begins.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not from 0 to 1.</exception>
    public double Initial { get; init => field = Rate(value, nameof(Initial)); } = Rate(Initial, nameof(Initial));

    /// <summary>Steps from the initial to the final rate.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public int Steps { get; init => field = AtLeast(1, value, nameof(Steps)); } = AtLeast(1, Steps, nameof(Steps));

    /// <summary>The step at which pruning begins.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public int Start { get; init => field = AtLeast(0, value, nameof(Start)); } = AtLeast(0, Start, nameof(Start));

    /// <summary>Steps between two changes of the rate.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public int Every { get; init => field = AtLeast(1, value, nameof(Every)); } = AtLeast(1, Every, nameof(Every));

    /// <summary>The rate that holds at a step.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public double RateAt(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step <= Start)
            return Initial;
        if (step - Start >= Steps)
            return Final;
        double left = 1 - (double)((step - Start) / Every * Every) / Steps;
        return Initial + (Final - Initial) * (1 - left * left * left);
    }

    static double Rate(double rate, string name) => rate is >= 0 and <= 1
        ? rate
        : throw new ArgumentOutOfRangeException(name, rate,
            "A rate is the share of weights to remove, from 0 (none) to 1 (all).");

    static int AtLeast(int least, int value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        return value;
    }
}
