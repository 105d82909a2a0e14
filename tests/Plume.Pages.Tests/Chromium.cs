using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Plume.Pages.Tests.Chromium))]

namespace Plume.Pages.Tests;

/// <summary>One browser for all tests: Debian's, so that nothing is downloaded.</summary>
public sealed class Chromium : IAsyncLifetime
{
    const string Program = "/usr/bin/chromium";

    IPlaywright? playwright;
    IBrowser? browser;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(File.Exists(Program), $"The pages are looked at in Chromium: install the Debian package 'chromium' ({Program}).");
        Environment.SetEnvironmentVariable("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Program,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        });
    }

    /// <summary>Goes to an address with nothing known, and maybe without scripts.</summary>
    public async Task<Visit> VisitAsync(string address, bool hasScripts = true)
    {
        var context = await browser!.NewContextAsync(new BrowserNewContextOptions
        {
            JavaScriptEnabled = hasScripts,
            ViewportSize = new ViewportSize { Width = 1280, Height = 900 },
        });
        return await Visit.BeginAsync(context, address, hasScripts);
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();
        playwright?.Dispose();
    }
}
