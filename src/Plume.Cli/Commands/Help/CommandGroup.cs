using System.CommandLine;

namespace Plume.Cli.Commands.Help;

/// <summary>Commands that belong together, as the help lists them.</summary>
/// <param name="Title">What they are for.</param>
/// <param name="Commands">In the order of the list.</param>
sealed record CommandGroup(string Title, IReadOnlyList<Command> Commands);
