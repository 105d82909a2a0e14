using System.Reflection;
using Plume.Cli.Commands;

namespace Plume.Cli.Tests;

/// <summary>Programs without a process of their own. They share one console, so that one runs at a time.</summary>
static class InProcess
{
    static readonly Lock Gate = new();

    /// <summary>Runs one command line, for tables of many lines; what it prints is caught.</summary>
    public static Program.Ended Run(params IEnumerable<string> arguments) => Caught(() => PlumeCommand.Run([.. arguments]));

    /// <summary>Runs a program that a test has compiled; what it prints is caught.</summary>
    public static Program.Ended Run(Assembly program)
    {
        var entry = program.EntryPoint ?? throw new ArgumentException("It is no program.", nameof(program));
        return Caught(() => entry.Invoke(null, [Array.Empty<string>()]) as int? ?? 0);
    }

    static Program.Ended Caught(Func<int> run)
    {
        lock (Gate)
        {
            var (output, error) = (Console.Out, Console.Error);
            using StringWriter printed = new(), said = new();
            Console.SetOut(printed);
            Console.SetError(said);
            try
            {
                int code = run();
                return new Program.Ended(code, printed.ToString(), said.ToString());
            }
            finally
            {
                Console.SetOut(output);
                Console.SetError(error);
            }
        }
    }
}
