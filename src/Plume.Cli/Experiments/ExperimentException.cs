namespace Plume.Cli.Experiments;

/// <summary>One thing that is wrong with an experiment.</summary>
/// <param name="Place">Where it was written.</param>
/// <param name="Message">Rule, value and next step, a full sentence.</param>
sealed record Problem(string Place, string Message)
{
    public override string ToString() => $"{Place}: {Message}";
}

/// <summary>An experiment cannot be run as it is written: everything that is wrong with it, so that it is mended at once.</summary>
sealed class ExperimentException(IReadOnlyList<Problem> problems) : Exception(Summary(problems))
{
    public IReadOnlyList<Problem> Problems => problems;

    static string Summary(IReadOnlyList<Problem> problems) => problems.Count == 1
        ? problems[0].ToString()
        : $"The experiment has {problems.Count} problems:\n" + string.Join("\n", problems.Select(problem => $"  {problem}"));
}
