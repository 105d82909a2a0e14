using Plume.Compression.Wording;


namespace Plume.Cli.Errors;

/// <summary>One thing that is wrong with an experiment.</summary>
/// <param name="Place">Where it was written.</param>
/// <param name="Message">Rule, value and next step, a full sentence.</param>
/// <param name="IsMissing">Whether a file is not there, and all that is written is right.</param>
sealed record Problem(string Place, string Message, bool IsMissing = false)
{
    const int MostShown = 50;

    public override string ToString() => $"{Printable.Line(Place)}: {Printable.Line(Message)}";

    /// <summary>One problem as it is, several as a list.</summary>
    /// <param name="what">What has the problems, as a sentence begins.</param>
    /// <param name="problems">One or more.</param>
    public static string List(string what, IReadOnlyList<Problem> problems) => problems.Count == 1
        ? problems[0].ToString()
        : $"{what} has {problems.Count} problems:\n"
        + string.Join("\n", problems.Take(MostShown).Select(problem => $"  {problem}"))
            + (problems.Count > MostShown ? $"\n  and {problems.Count - MostShown} more." : "");
}

/// <summary>
/// An experiment cannot be run as it is written: everything that is wrong with it, so that it is mended at once.
/// </summary>
sealed class ExperimentException(IReadOnlyList<Problem> problems) : Exception(Problem.List("The experiment", problems))
{
    public IReadOnlyList<Problem> Problems => problems;
}
