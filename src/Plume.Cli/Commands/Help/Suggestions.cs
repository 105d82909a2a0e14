using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Plume.Cli.Commands.Help;

/// <summary>
/// What could stand where a shell's cursor is, for <c>plume "[suggest:POSITION]" "LINE"</c>: options only where one was begun, for
/// elsewhere the shell has files to offer.
/// </summary>
sealed class Suggestions(SuggestDirective directive) : SynchronousCommandLineAction
{
    /// <summary>Lets a program suggest so.</summary>
    public static void Replace(RootCommand root)
    {
        var directive = root.Directives.OfType<SuggestDirective>().Single();
        directive.Action = new Suggestions(directive);
    }

    /// <summary>A line that is being written has mistakes.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        string line = parseResult.Tokens.LastOrDefault(token => token.Type != TokenType.Directive)?.Value ?? "";
        int position = parseResult.GetResult(directive)?.Values is [var text, ..]
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? Math.Min(given, line.Length)
            : line.Length;
        bool isOption = line[..position].Split(' ')[^1].StartsWith('-');
        foreach (var item in parseResult.RootCommandResult.Command.Parse(line).GetCompletions(position)
            .Where(item => item.Label.StartsWith('-') == isOption))
            parseResult.InvocationConfiguration.Output.WriteLine(item.Label);
        return 0;
    }
}
