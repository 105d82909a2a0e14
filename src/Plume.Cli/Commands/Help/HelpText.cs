using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Plume.Cli.Commands.Help;

/// <summary>
/// What <c>--help</c> prints: of the program its commands in groups, of a command what the parser says of it, and examples of
/// both.
/// </summary>
sealed class HelpText(IReadOnlyList<CommandGroup> groups, SynchronousCommandLineAction ofCommand) : SynchronousCommandLineAction
{
    const string ExitCodes = "0 done, 1 the command line or a file of settings is wrong, 2 an input is missing or damaged, 3 an output cannot be\n"
        + "  written, 4 the run cannot go on, 70 a defect in Plume, 130 stopped. docs/errors.md says more.";

    /// <summary>Whoever asks for help need not write what the command takes.</summary>
    public override bool ClearsParseErrors => true;

    /// <summary>Lets a program's help option print this, and what is called without the command that it needs.</summary>
    public static void Replace(RootCommand root, IReadOnlyList<CommandGroup> groups)
    {
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        // Without /h and /?, which are names of files where this runs.
        var help = new HelpOption("--help", "-h", "-?");
        root.Options.Add(help);
        var text = new HelpText(groups, (SynchronousCommandLineAction)help.Action!);
        help.Action = text;
        // Not the action itself, which would be deaf to a wrong word behind it.
        foreach (var command in groups.SelectMany(group => group.Commands).Where(command => command.Subcommands.Count > 0)
            .Prepend(root))
            command.SetAction(text.Invoke);
    }

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is RootCommand root)
        {
            WriteProgram(root, output);
            return 0;
        }

        int code = ofCommand.Invoke(parseResult);
        WriteExamples(CommandPath.Of(parseResult.CommandResult), output);
        return code;
    }

    void WriteProgram(RootCommand root, TextWriter output)
    {
        int width = groups.SelectMany(group => group.Commands).Where(command => !command.Hidden)
            .Max(command => command.Name.Length);
        output.WriteLine($"{root.Description}\n\nUsage: plume COMMAND [arguments] [options]");
        foreach (var group in groups)
        {
            output.WriteLine($"\n{group.Title}:");
            foreach (var command in group.Commands.Where(command => !command.Hidden))
                output.WriteLine($"  {command.Name.PadRight(width)}  {Sentence(command.Description)}");
        }

        output.WriteLine($"\nOptions:\n  {"--help".PadRight(width)}  Show this, or what a command takes: plume COMMAND --help."
            + $"\n  {"--version".PadRight(width)}  Show the version."
            + "\n\nEnvironment:\n  NO_COLOR=1 leaves colours out; PLUME_TRACE=1 shows where a defect is.");
        WriteExamples("", output);
        output.WriteLine($"Exit codes:\n  {ExitCodes}\n");
    }

    static void WriteExamples(string command, TextWriter output)
    {
        var examples = Examples.Of(command).ToList();
        if (examples.Count == 0)
            return;
        output.WriteLine(command.Length == 0 ? "\nExamples:" : "Examples:");
        foreach (var (line, what) in examples)
            output.WriteLine(what.Length == 0 ? $"  {line}" : $"  {line}    # {what}");
        output.WriteLine();
    }

    static string Sentence(string? description) =>
        description?.Split(". ", 2) is [var first, ..] ? first.TrimEnd('.') + "." : "";
}
