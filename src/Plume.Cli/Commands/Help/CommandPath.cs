using System.CommandLine.Parsing;

namespace Plume.Cli.Commands.Help;

/// <summary>The words by which a command is called.</summary>
static class CommandPath
{
    /// <summary>Those behind <c>plume</c>: <c>bench codec</c>; empty for the program.</summary>
    public static string Of(CommandResult result) =>
        result.Parent is CommandResult above ? $"{Of(above)} {result.Command.Name}".TrimStart() : "";
}
