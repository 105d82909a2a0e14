using Plume.Cli.Commands;

namespace Plume.Cli.Tests;

/// <summary>The command line without a process of its own, for tables of many lines.</summary>
static class InProcess
{
    static readonly Lock Gate = new();

    /// <summary>Runs one line; what it prints is caught.</summary>
    public static Program.Ended Run(params IEnumerable<string> arguments)
    {
        lock (Gate)
        {
            var (output, error) = (Console.Out, Console.Error);
            using StringWriter printed = new(), said = new();
            Console.SetOut(printed);
            Console.SetError(said);
            try
            {
                int code = PlumeCommand.Run([.. arguments]);
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
