using System.CommandLine;
using Plume.Cli.Commands;
using Plume.Cli.Commands.Help;

namespace Plume.Cli.Tests.Commands.Help;

public sealed class HelpTests
{
    [Fact]
    public void Every_command_has_examples_which_it_takes()
    {
        var root = PlumeCommand.Create();
        string[] commands = [.. Leaves(root, "").Where(path => path.Length > 0)];
        Assert.Equal(commands.Append("").Order(), Examples.Commands.Order());
        Assert.All(commands.SelectMany(Examples.Of).Concat(Examples.Of("")), example =>
        {
            var line = root.Parse(example.Line["plume ".Length..].Split(" >")[0]);
            Assert.Empty(line.Errors);
            Assert.Null(Mistakes.OptionTakenForArgument(line));
        });
        Assert.Contains("Examples:\n  plume inspect model.plume --against model.onnx\n", InProcess.Run("inspect", "--help").Output);
    }

    [Fact]
    public void The_program_alone_shows_its_commands_and_its_exit_codes()
    {
        var bare = InProcess.Run();
        Assert.Equal((0, "", bare.Output), (bare.Code, bare.Error, InProcess.Run("--help").Output));
        Assert.All(PlumeCommand.Create().Subcommands.Where(command => !command.Hidden), command =>
            Assert.Single(bare.Output.Split('\n'), line => line.StartsWith($"  {command.Name} ", StringComparison.Ordinal)));
        Assert.Contains("130 stopped", bare.Output);
        Assert.Equal(0, InProcess.Run("bench").Code);
    }

    [Theory]
    [InlineData("There is no command 'plume simulte'. Did you mean 'simulate' by 'simulte'? See 'plume --help'.", "simulte")]
    [InlineData("There is no command 'plume bench codc'. Did you mean 'codec' by 'codc'? See 'plume bench --help'.", "bench", "codc")]
    [InlineData("'plume simulate' has no option '--sett'. Did you mean '--set' by '--sett'? See 'plume simulate --help'.", "simulate",
        "--sett")]
    [InlineData("There are completions for bash, zsh, fish, pwsh, but not for 'tcsh'.", "completions", "tcsh")]
    public void A_wrong_word_is_told_with_the_nearest_right_one(string message, params string[] line)
    {
        var ended = InProcess.Run(line);
        Assert.Equal((1, $"plume: {message}\n"), (ended.Code, ended.Error));
    }

    [Theory]
    [InlineData("plume sim", "simulate\n")]
    [InlineData("plume simulate --s", "--save-every\n--set\n--shadow\n")]
    [InlineData("plume compress ", "")]
    [InlineData("plume completions ", "bash\nfish\npwsh\nzsh\n")]
    public void A_shell_is_told_what_may_follow(string line, string words) =>
        Assert.Equal(words, InProcess.Run($"[suggest:{line.Length}]", line).Output);

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("pwsh")]
    public void Each_shell_has_a_script_that_asks_the_program(string shell) =>
        Assert.Contains("plume \"[suggest:", InProcess.Run("completions", shell).Output);

    static IEnumerable<string> Leaves(Command command, string path) => command.Hidden ? []
        : command.Subcommands.Count == 0 ? [path]
        : command.Subcommands.SelectMany(inner => Leaves(inner, $"{path} {inner.Name}".TrimStart()));
}
