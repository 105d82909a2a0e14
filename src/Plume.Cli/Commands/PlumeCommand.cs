using System.CommandLine;
using Plume.Cli.Commands.Help;
using Plume.Cli.Commands.Network;
using Plume.Cli.Commands.OfModels;
using Plume.Cli.Commands.OfRuns;
using Plume.Cli.Errors;

namespace Plume.Cli.Commands;

/// <summary>
/// The <c>plume</c> command: finds the subcommand, runs it, and turns what it throws into a message and a code.
/// </summary>
static class PlumeCommand
{
    /// <summary>Runs the command line and gives the exit code.</summary>
    public static int Run(string[] arguments)
    {
        var line = Create().Parse(arguments);
        try
        {
            return line.Errors.Count == 0 && Mistakes.OptionTakenForArgument(line) is null
                ? line.Invoke(new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    // Commands that can stop cleanly listen to the signals themselves and need no deadline.
                    ProcessTerminationTimeout = null,
                })
                : throw new CliException(ExitCode.Usage, Mistakes.Of(line));
        }
        catch (Exception failed)
        {
            return (int)Failure.Report(failed, Console.Error);
        }
    }

    /// <summary>The program's commands, by what they are for.</summary>
    public static RootCommand Create()
    {
        CommandGroup[] groups =
        [
            new("A federation in this process",
            [
                SimulateCommand.Create(), CompareCommand.Create(), PlanCommand.Create(), AttackCommand.Create(),
                LeakCommand.Create(), PrivacyCommand.Create(),
            ]),
            new("What a run left", [ViewCommand.Create(), ReportCommand.Create(), ExportCommand.Create()]),
            new("A federation on a network", [ServeCommand.Create(), JoinCommand.Create(), CertsCommand.Create(), DbCommand.Create()]),
            new("Who may call a server", [.. EnrolmentCommands.Create()]),
            new("What a federation does", [.. OperateCommands.Create(), FetchCommand.Create(), .. PlaceCommands.Create()]),
            new("Smaller models",
            [
                SummarizeCommand.Create(), TrainCommand.Create(), PruneCommand.Create(), QuantizeCommand.Create(),
                    DistillCommand.Create(),
                ShrinkCommand.Create(), EvaluateCommand.Create(), SensitivityCommand.Create(),
            ]),
            new("Files and codecs",
                [CompressCommand.Create(), DecompressCommand.Create(), InspectCommand.Create(), BenchCommand.Create()]),
            new("This program",
                [DoctorCommand.Create(), SchemaCommand.Create(), CompletionsCommand.Create(), MemoryCommand.Create()]),
        ];
        var root = new RootCommand("Plume: federated learning that is light on the wire.");
        foreach (var command in groups.SelectMany(group => group.Commands))
            root.Add(command);
        HelpText.Replace(root, groups);
        Suggestions.Replace(root);
        return root;
    }
}
