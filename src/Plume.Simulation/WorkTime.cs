using System.Globalization;
using Plume.Compression.Lines;
using Plume.Compression.Randomness;

namespace Plume.Simulation;

/// <summary>
/// How long clients work on a task: <c>work(10s, spread=0.8, jitter=0.2)</c>. Each client has a time of its own, drawn once,
/// and each of its tasks takes that or a little more or less. With it no measured time is part of what links say.
/// </summary>
/// <remarks>
/// A client's time is <c>Median * exp(Spread * n)</c>, and a task's that times <c>exp(Jitter * m)</c>, with n and m standard
/// normal: n of the client, m of the task.
/// </remarks>
/// <param name="Median">Seconds of a client in the middle.</param>
/// <param name="Spread">Deviation of the natural logarithm over clients: at 0.8 one client in six takes 2.2 times the
/// median.</param>
/// <param name="Jitter">Deviation of the natural logarithm over a client's tasks.</param>
public sealed record WorkTime(double Median, double Spread = 0, double Jitter = 0)
{
    /// <summary>The word in a line of links.</summary>
    public const string Word = "work";

    const double MostDeviation = 5, Longest = 86400;

    /// <summary>Draws a client's own.</summary>
    /// <param name="client">Where the client's draws come from.</param>
    public WorkTime Of(RandomKey client) => this with { Median = Median * Factor(client, Spread) };

    /// <summary>Seconds of one task.</summary>
    /// <param name="task">Where the task's draws come from.</param>
    public double Seconds(RandomKey task) => Median * Factor(task.Fold(Word), Jitter);

    /// <summary>The notation.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Word}({(decimal)Median * 1000:0.############}ms{Named("spread", Spread)}{Named("jitter", Jitter)})");

    internal static WorkTime Parse(LineArguments arguments)
    {
        var median = arguments.Positional("time") ?? throw arguments.Error("work needs a time, such as work(10s, spread=0.5)");
        return Links.SecondsOf(median.Text) is > 0 and <= Longest and var seconds
            ? new WorkTime(seconds, Deviation(arguments, "spread"), Deviation(arguments, "jitter"))
            : throw arguments.Error(median.Column, $"'{median.Text}' must be a time above 0 and at most a day, such as 10s or 500ms");
    }

    static double Factor(RandomKey key, double deviation) => deviation == 0 ? 1
        : Math.Exp(deviation * new RandomDraws(key).NextNormal());

    static string Named(string name, double deviation) => deviation == 0 ? ""
        : string.Create(CultureInfo.InvariantCulture, $", {name}={deviation:0.############}");

    static double Deviation(LineArguments arguments, string name) => arguments.Named(name) is not { } argument ? 0
        : Links.NumberOf(argument.Text) is >= 0 and <= MostDeviation and var deviation ? deviation
        : throw arguments.Error(argument.Column,
            $"'{name}={argument.Text}' must be the deviation of the time's logarithm, from 0 to {MostDeviation}");
}
