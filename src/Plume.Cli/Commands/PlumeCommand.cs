using System.CommandLine;
using System.CommandLine.Parsing;
using Plume.Cli.Commands.Network;
using Plume.Cli.Commands.OfModels;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Compression.Wording;

namespace Plume.Cli.Commands;

/// <summary>
/// The <c>plume</c> command: finds the subcommand, runs it, and turns what it throws into a message and a code.
/// </summary>
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
            CompareCommand.Create(),
            AttackCommand.Create(),
            PrivacyCommand.Create(),
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
        foreach (var command in OperateCommands.Create().Append(FetchCommand.Create()).Concat(EnrolmentCommands.Create())
            .Concat(PlaceCommands.Create()))
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
        $"{string.Join(" ", line.Errors.Select(error => Printable.Line(error.Message)))}{Meant(line)} See "
            + $"'{Path(line.CommandResult)} --help'.";

    // A mistyped option may also have been taken for an argument.
    static string Meant(ParseResult line)
    {
        var command = line.CommandResult.Command;
        string[] flags = [.. command.Options.Where(option => !option.Hidden)
            .SelectMany(option => (IEnumerable<string>)[option.Name, .. option.Aliases])];
        string[] verbs = [.. command.Subcommands.Where(inner => !inner.Hidden).Select(inner => inner.Name)];
        var taken = line.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .Select(token => token.Value);
        var meant = line.UnmatchedTokens.Concat(taken).Distinct()
            .Select(word => (Word: word,
                Nearest: Nearest.Find(word, word.StartsWith("--", StringComparison.Ordinal) ? flags : verbs)))
            .Where(pair => pair.Nearest is not null && pair.Nearest != pair.Word).ToList();
        return string.Concat(meant.Select(pair => $" Did you mean '{pair.Nearest}' by '{Printable.Name(pair.Word)}'?"));
    }

    static string Path(CommandResult result) =>
        result.Parent is CommandResult above ? $"{Path(above)} {result.Command.Name}" : "plume";
}
