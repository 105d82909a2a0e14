using System.CommandLine;
using System.CommandLine.Parsing;
using Plume.Cli.Experiments;
using Plume.Compression.Wording;

namespace Plume.Cli.Commands.Help;

/// <summary>What is wrong with a command line, and what was likely meant.</summary>
static class Mistakes
{
    /// <summary>The parser's words for it, the nearest right word, and where to read on.</summary>
    public static string Of(ParseResult line) =>
        $"{string.Join(" ", Errors(line).Select(error => Printable.Line(error)))}{Meant(line)} See "
            + $"'{$"plume {CommandPath.Of(line.CommandResult)}".TrimEnd()} --help'.";

    /// <summary>
    /// An option that a command does not have is taken for an argument by the parser, and would be looked for as a file; null for
    /// none. A file of such a name can be written as <c>./--name</c>.
    /// </summary>
    public static string? OptionTakenForArgument(ParseResult line) => line.CommandResult.Children.OfType<ArgumentResult>()
        .SelectMany(argument => argument.Tokens).Select(token => token.Value)
        .FirstOrDefault(word => word.Length > 2 && word.StartsWith("--", StringComparison.Ordinal));

    // Where the command itself is a wrong word, what it lacks is no use to anybody.
    static IEnumerable<string> Errors(ParseResult line) => OptionTakenForArgument(line) is { } option
        ? [$"'plume {CommandPath.Of(line.CommandResult)}' has no option '{Printable.Name(option)}'."]
        : line.CommandResult.Command.Subcommands.Count > 0 && line.UnmatchedTokens is [var wrong, ..] && !wrong.StartsWith('-')
        ? [$"There is no command '{$"plume {CommandPath.Of(line.CommandResult)}".TrimEnd()} {Printable.Name(wrong)}'."]
        : line.Errors.Select(error => error.Message);

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
}
