using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Network.Serving;
using Plume.Cli.Runs;
using Plume.Cli.Viewing;
using Plume.Pages.Hosting;

namespace Plume.Cli.Commands.OfRuns;

/// <summary><c>plume view</c>: shows runs in a browser, finished or still at work, several in the same charts.</summary>
static class ViewCommand
{
    public static Command Create()
    {
        var folders = new Argument<string[]>("folder")
        {
            Description = "Run folders, or folders with run folders in them.",
            Arity = ArgumentArity.OneOrMore,
        };
        var page = new Option<string>("--page")
        {
            Description = "Where the page is: an address of loopback. If the default's port is taken, another one is.",
            HelpName = "ADDRESS:PORT",
            DefaultValueFactory = _ => PagePlace.Usual,
        };
        var open = new Option<bool>("--open") { Description = "Start a browser, too." };
        var command = new Command("view", "Show runs in a browser, finished or still at work, until Ctrl-C.")
        {
            folders, page, open,
        };
        command.SetAction(async (line, stop) =>
        {
            var boards = new RunBoards(line.GetValue(folders)!, TimeProvider.System);
            var options = Read(line.GetValue(page)!) ?? throw new CliException(ExitCode.Usage,
                $"--page {PagePlace.Nowhere} leaves nothing to view; give an address such as {PagePlace.Usual}.");
            using var signals = new StopSignals(() => { });
            await using var served = await LivePage.StartAsync(boards, options, stop);
            Console.Out.WriteLine($"See it in a browser of this machine, until Ctrl-C: {served.Address}");
            if (line.GetValue(open))
                Browser.TryOpen(served.Address);
            signals.Stopped.WaitHandle.WaitOne();
            return (int)ExitCode.Done;
        });
        return command;
    }

    /// <summary>What an option says of where a page is; null for no page.</summary>
    /// <exception cref="CliException">It is no place for a page.</exception>
    public static PageOptions? Read(string page)
    {
        try
        {
            return PagePlace.Parse(page).Options;
        }
        catch (FormatException wrong)
        {
            throw new CliException(ExitCode.Usage, $"--page {wrong.Message}.");
        }
    }
}
