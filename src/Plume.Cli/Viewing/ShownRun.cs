using Plume.Cli.Errors;
using Plume.Pages.Hosting;

namespace Plume.Cli.Viewing;

/// <summary>A page over a run that goes on in this program: it reads the folder, as one does who comes later.</summary>
sealed class ShownRun : IDisposable
{
    readonly LivePage page;

    ShownRun(LivePage page) => this.page = page;

    /// <summary>Serves the page, says where, and shows it in a browser where there is one.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="options">Where the page is; null for no page, which is refused.</param>
    /// <param name="isQuiet">Whether standard output is for the result alone.</param>
    /// <param name="opens">Whether a browser is started.</param>
    /// <exception cref="CliException">There is no place for it.</exception>
    public static ShownRun Start(string folder, PageOptions? options, bool isQuiet, bool opens)
    {
        if (options is null)
            throw new CliException(ExitCode.Usage, "--open shows the run on a page, and --page none has none; leave one of both out.");
        var page = LivePage.StartAsync(new RunBoards([folder], options.Time), options).GetAwaiter().GetResult();
        (isQuiet ? Console.Error : Console.Out).WriteLine($"See it in a browser of this machine: {page.Address}");
        if (opens)
            Browser.TryOpen(page.Address);
        return new ShownRun(page);
    }

    /// <summary>Lets the page be looked at until somebody asks to stop.</summary>
    public void Stay(CancellationToken stop)
    {
        Console.Error.WriteLine($"{page.Address} stays until Ctrl-C.");
        stop.WaitHandle.WaitOne();
    }

    public void Dispose() => page.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
