using System.CommandLine;
using System.CommandLine.Parsing;
using Plume.Cli.Commands.Network;
using Plume.Cli.Errors;
using Plume.Compression.Messages;

namespace Plume.Cli.Commands;

/// <summary>The <c>plume</c> command: finds the subcommand, runs it, and turns what it throws into a message and a code.</summary>
static class PlumeCommand
{
    static readonly InvocationConfiguration Invocation = new()
    {
        EnableDefaultExceptionHandler = false,
        // Commands that can stop cleanly listen to the signals themselves and need no deadline.
        ProcessTerminationTimeout = null,
    };

    /// <summary>Runs the command line and gives the exit code.</summary>
    public static int Run(string[] arguments)
    {
        var root = new RootCommand("Plume: federated learning that is light on the wire.")
        {
            SimulateCommand.Create(),
            ServeCommand.Create(),
            JoinCommand.Create(),
            CertsCommand.Create(),
            DbCommand.Create(),
            TrainCommand.Create(),
            PruneCommand.Create(),
            QuantizeCommand.Create(),
            SensitivityCommand.Create(),
            ShrinkCommand.Create(),
            DistillCommand.Create(),
            EvaluateCommand.Create(),
            CompressCommand.Create(),
            DecompressCommand.Create(),
            InspectCommand.Create(),
            BenchCommand.Create(),
            SchemaCommand.Create(),
            MemoryCommand.Create(),
        };
        foreach (var command in OperateCommands.Create().Append(FetchCommand.Create()).Concat(EnrolmentCommands.Create()))
            root.Add(command);
        var line = root.Parse(arguments);
        try
        {
            return line.Errors.Count == 0
                ? line.Invoke(Invocation)
                : throw new CliException(ExitCode.Usage, Mistakes(line));
        }
        catch (Exception failed)
        {
            return (int)Failure.Report(failed, Console.Error);
        }
    }

    static string Mistakes(ParseResult line) =>
        $"{string.Join(" ", line.Errors.Select(error => Printable.Line(error.Message)))} See '{Path(line.CommandResult)} --help'.";

    static string Path(CommandResult result) =>
        result.Parent is CommandResult above ? $"{Path(above)} {result.Command.Name}" : "plume";
}
