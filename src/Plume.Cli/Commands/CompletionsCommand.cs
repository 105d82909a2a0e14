using System.CommandLine;
using Plume.Cli.Errors;

namespace Plume.Cli.Commands;

/// <summary>
/// <c>plume completions</c>: prints what lets a shell complete plume's commands and options. It asks the program itself, by the
/// parser's <c>[suggest:POSITION]</c>, so it stays right when plume changes; where plume has nothing to say, files are completed.
/// </summary>
static class CompletionsCommand
{
    static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = """
            _plume() {
                local IFS=$'\n' word="${COMP_WORDS[COMP_CWORD]}"
                COMPREPLY=($(compgen -W "$(plume "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "$word"))
            }
            complete -o bashdefault -o default -F _plume plume

            """,
        ["zsh"] = """
            #compdef plume
            _plume() {
                local line="${words[1,CURRENT]}"
                local -a found
                found=("${(@f)$(plume "[suggest:${#line}]" "$line" 2>/dev/null)}")
                if [[ -n "$found" ]]; then compadd -- "${found[@]}"; else _files; fi
            }
            if [[ "$funcstack[1]" == _plume ]]; then _plume; else compdef _plume plume; fi

            """,
        ["fish"] = """
            function __plume_complete
                set -l line (commandline -cp)
                plume "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
            end
            complete -c plume -a '(__plume_complete)'

            """,
        ["pwsh"] = """
            Register-ArgumentCompleter -Native -CommandName plume -ScriptBlock {
                param($wordToComplete, $commandAst, $cursorPosition)
                $line = $commandAst.ToString().PadRight($cursorPosition)
                plume "[suggest:$cursorPosition]" "$line" 2>$null | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
                    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
                }
            }

            """,
    };

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = $"One of {string.Join(", ", Scripts.Keys)}." };
        shell.CompletionSources.Add(Scripts.Keys.ToArray());
        var command = new Command("completions", "Print the script that lets a shell complete plume's commands and options.") { shell };
        command.SetAction(line => Console.Out.Write(Scripts.TryGetValue(line.GetValue(shell)!, out string? script) ? script
            : throw new CliException(ExitCode.Usage,
                $"There are completions for {string.Join(", ", Scripts.Keys)}, but not for '{line.GetValue(shell)}'.")));
        return command;
    }
}
