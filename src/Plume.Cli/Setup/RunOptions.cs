using System.CommandLine;
using Plume.Cli.Errors;

namespace Plume.Cli.Setup;

/// <summary>The options that every command which runs federations has.</summary>
static class RunOptions
{
    /// <summary>How many clients train at once.</summary>
    public static Option<int> Threads() => new("--threads")
    {
        Description = "Clients that train side by side; the result does not depend on it.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    /// <summary>Rows as JSON in place of a table.</summary>
    public static Option<bool> JsonRows() => new("--json")
    {
        Description = "Print the rows as a JSON array; progress goes to standard error.",
    };

    /// <summary>Refuses what is no number of threads.</summary>
    /// <exception cref="CliException">It is below 1.</exception>
    public static void CheckThreads(int threads)
    {
        if (threads < 1)
            throw new CliException(ExitCode.Usage, $"--threads must be 1 or more, but is {threads}.");
    }
}
