using Plume.Cli.Errors;

namespace Plume.Cli.Compare;

/// <summary>One run of a comparison in a process of its own, so that its memory is its own: <c>plume simulate</c>.</summary>
static class RunProcess
{
    const string Failed = "plume: ";
    const string Round = "round ";

    /// <summary>Runs it to the end, or to the end of the round at hand once asked to stop.</summary>
    /// <param name="arguments">What follows <c>simulate</c>.</param>
    /// <param name="report">Told the line of each round.</param>
    /// <param name="stop">Asks to stop.</param>
    /// <returns>Whether all rounds are done.</returns>
    /// <exception cref="CliException">It failed, with its code and message.</exception>
    public static bool Run(IEnumerable<string> arguments, Action<string> report, CancellationToken stop)
    {
        using var process = OwnProgram.Start(["simulate", .. arguments, "--measure", "--json", "--stop-with-input"],
            start => (start.RedirectStandardError, start.RedirectStandardInput) = (true, true));
        // The result is in the run's folder, too.
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        using var asked = stop.Register(process.StandardInput.Close);
        var told = new List<string>();
        while (process.StandardError.ReadLine() is { } line)
        {
            if (line.StartsWith(Round, StringComparison.Ordinal))
                report(line);
            else if (told.Count > 0 || line.StartsWith(Failed, StringComparison.Ordinal))
                told.Add(line);
        }

        process.WaitForExit();
        _ = output.Result;
        return (ExitCode)process.ExitCode switch
        {
            ExitCode.Done => true,
            ExitCode.Stopped => false,
            // What kills a process, want of memory above all, lets it say nothing.
            var code => throw new CliException(Enum.IsDefined(code) ? code : ExitCode.Run, told.Count > 0
                ? string.Join('\n', told)[Failed.Length..] : $"The run ended with {process.ExitCode} and said nothing. The "
                    + $"same command goes on from its last checkpoint; with fewer --threads it takes less memory."),
        };
    }
}
