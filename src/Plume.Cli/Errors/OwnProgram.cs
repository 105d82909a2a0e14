using System.Diagnostics;

namespace Plume.Cli.Errors;

/// <summary>This program once more, as a process of its own: for what its memory should be told by itself.</summary>
static class OwnProgram
{
    /// <summary>Starts it; standard output is its caller's to read.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="configure">Sets what else is redirected; null for nothing.</param>
    public static Process Start(IEnumerable<string> arguments, Action<ProcessStartInfo>? configure = null)
    {
        bool isHosted = Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal);
        var start = new ProcessStartInfo(Environment.ProcessPath!, isHosted ? [typeof(OwnProgram).Assembly.Location, .. arguments]
            : arguments)
        { RedirectStandardOutput = true };
        configure?.Invoke(start);
        return Process.Start(start)!;
    }
}
