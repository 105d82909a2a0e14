using System.Globalization;
using System.Net;
using Microsoft.Playwright;
using Plume.Pages.Boards;
using Plume.Pages.Hosting;

namespace Plume.Pages.Tests;

/// <summary>The page in a browser, over boards that say what a test tells them.</summary>
public sealed class PageTests(Chromium chromium)
{
    const int Phone = 390;

    static readonly string[] Texts = ["ink", "soft", "link", "good", "bad", "warn"];

    static Task<LivePage> ServeAsync(IBoards boards) =>
        LivePage.StartAsync(boards, new PageOptions(new IPEndPoint(IPAddress.Loopback, 0)));

    [Fact]
    public async Task What_a_board_says_stands_on_the_page_and_what_is_new_comes_by_itself()
    {
        var board = ShownBoards.Full("first");
        var boards = new ShownBoards(board, ShownBoards.Full("second", rounds: 20));
        await using var page = await ServeAsync(boards);
        await using var visit = await chromium.VisitAsync(page.Address);
        Assert.Equal(3, await visit.Page.Locator(".chart").CountAsync());
        await visit.OpenAsync("first");

        Assert.Equal(("97.75 %", "40", "4"),
            (await visit.TextAsync("#accuracy"), await visit.TextAsync("#rounds"), await visit.TextAsync("#epsilon")));
        Assert.Equal(("1.23 MB", "7.65 MB"), (await visit.TextAsync("#uplink"), await visit.TextAsync("#downlink")));
        Assert.Equal("1.50 MB", await visit.TextAsync("#budget"));
        await visit.SaysAsync(".facts", "of 2MB a client, 30.0 % unused");
        await visit.SaysAsync("#budget-sentence", "The client that cost most has spent 1500000 bytes.");
        Assert.Equal(6, await visit.Page.Locator("#clients-table tbody tr").CountAsync());
        await visit.SaysAsync("#participants-table", "Its update is of round 3, but round 41 is at hand.");
        await visit.SaysAsync("#log-table", "Its update is of round 3, but round 41 is at hand. (12 times)");
        await visit.SaysAsync("#clients-table", "2.00 Mbit/s");
        await visit.SaysAsync(".warnings", "'client-3' let a deadline pass and is asked less.");

        boards.Show(board with
        {
            Added = 3,
            ModelVersion = 41,
            History = [.. board.History, new BoardRound(41, 0.9999, 0.01, 1, 1, 1, 6, 0)],
        });
        await visit.SaysAsync("#accuracy", "99.99 %");
        await visit.SaysAsync("#sentence", "Round 41: 3 of 6 updates");
        Assert.Equal("41", await visit.TextAsync("#rounds"));
    }

    [Fact]
    public async Task What_models_are_measured_by_is_called_by_its_name()
    {
        await using var page = await ServeAsync(new ShownBoards(ShownBoards.Full("first") with { Metric = "R2" }));
        await using var visit = await chromium.VisitAsync(page.Address);
        await visit.OpenAsync("first");
        await visit.SaysAsync("#rounds-table thead", "R2");
        await visit.SaysAsync(".facts", "R2");
        await visit.SaysAsync(".charts", "R2 by round");
        Assert.DoesNotContain("accuracy", await visit.TextAsync("#rounds-table thead"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Names_with_markup_in_them_are_shown_as_text()
    {
        const string Name = "<img src=x onerror=alert(1)>", Client = "</script><b>bold", Note = "'\"><svg onload=alert(2)>";
        var boards = new ShownBoards(ShownBoards.Full(Name) with
        {
            Message = Note,
            Warnings = [Note],
            Log = [new BoardHappening(1, default, Note, true, 1)],
            Participants = [new BoardParticipant(0, Client, BoardStanding.Refused, Note)],
            Clients = [new BoardClient(0, Client) { Software = Note }],
        }, ShownBoards.Full(Client));
        await using var page = await ServeAsync(boards);
        await using var visit = await chromium.VisitAsync(page.Address);
        await visit.SaysAsync(".legend", Name);
        await visit.OpenAsync(Name);

        await visit.SaysAsync("h1", Name);
        await visit.SaysAsync("#participants-table", Note);
        await visit.SaysAsync("#clients-table", Client);
        Assert.Equal(0, await visit.Page.Locator("img, b, svg[onload], [onerror]").CountAsync());
    }

    [Fact]
    public async Task A_screen_of_any_width_scrolls_down_alone()
    {
        const string Long = "a-federation-with-a-name-that-is-quite-as-long-as-names-can-be-0123456789";
        await using var page = await ServeAsync(new ShownBoards(ShownBoards.Full(Long, clients: 100), ShownBoards.Full("second")));
        await using var visit = await chromium.VisitAsync(page.Address);
        await OnBothAsync(visit.Page);
        await visit.OpenAsync(Long);
        await OnBothAsync(visit.Page);

        static async Task OnBothAsync(IPage page)
        {
            foreach (int width in new[] { Phone, 1280 })
            {
                await page.SetViewportSizeAsync(width, 900);
                Assert.Equal(width, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
                // Letters of charts are 12 units high.
                Assert.All(await page.EvaluateAsync<double[]>("() => [...document.querySelectorAll('.chart > svg')]"
                    + ".map(chart => 12 * chart.getBoundingClientRect().width / chart.viewBox.baseVal.width)"),
                    letter => Assert.InRange(letter, 10, 18));
            }
        }
    }

    [Fact]
    public async Task The_keyboard_goes_everywhere()
    {
        await using var page = await ServeAsync(new ShownBoards(ShownBoards.Full("first")));
        await using var visit = await chromium.VisitAsync(page.Address);
        var keys = visit.Page.Keyboard;
        await keys.PressAsync("Tab");
        Assert.Equal("To the content", await FocusedAsync(visit.Page));
        await keys.PressAsync("Tab");
        Assert.Equal("first", await FocusedAsync(visit.Page));
        await keys.PressAsync("Enter");
        await visit.Page.Locator("#rounds").WaitForAsync();

        var reached = new List<string>();
        for (int press = 0; press < 14; press++)
        {
            await keys.PressAsync("Tab");
            reached.Add(await visit.Page.EvaluateAsync<string>("() => document.activeElement.getAttribute('aria-labelledby') "
                + "?? document.activeElement.textContent"));
        }

        // Whatever scrolls by itself can be scrolled by keys.
        Assert.All(["Boards", "participants", "clients", "last-rounds", "log", "tensors", ShownBoards.File],
            part => Assert.Contains(part, reached));
    }

    [Fact]
    public async Task Texts_and_lines_stand_out_from_what_is_behind_them_in_light_and_in_dark()
    {
        await using var page = await ServeAsync(new ShownBoards(ShownBoards.Full("first")));
        await using var visit = await chromium.VisitAsync(page.Address);
        var pages = new HashSet<string>();

        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await visit.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            string[] lines = [.. Enumerable.Range(1, BoardCharts.Styles).Select(line => $"line{line}")];
            var colours = await ColoursAsync(visit.Page, ["page", "card", .. Texts, .. lines]);
            pages.Add(colours["page"]);
            foreach (string behind in new[] { "page", "card" })
            {
                Assert.All(Texts, text => Assert.InRange(Contrast(colours[text], colours[behind]), 4.5, 21));
                Assert.All(lines, line => Assert.InRange(Contrast(colours[line], colours[behind]), 3, 21));
            }
        }

        Assert.Equal(2, pages.Count);
    }

    [Fact]
    public async Task A_file_can_be_taken_away()
    {
        await using var page = await ServeAsync(new ShownBoards(ShownBoards.Full("first")));
        await using var visit = await chromium.VisitAsync(page.Address);
        await visit.OpenAsync("first");

        var taken = await visit.Page.RunAndWaitForDownloadAsync(() =>
            visit.Page.GetByText(ShownBoards.File, new() { Exact = true }).ClickAsync());

        Assert.Equal(ShownBoards.File, taken.SuggestedFilename);
        Assert.Equal("round\n1\n", await File.ReadAllTextAsync(await taken.PathAsync()));
    }

    static Task<string> FocusedAsync(IPage page) => page.EvaluateAsync<string>("() => document.activeElement.textContent.trim()");

    static async Task<Dictionary<string, string>> ColoursAsync(IPage page, string[] names)
    {
        string[] values = await page.EvaluateAsync<string[]>(
            "names => names.map(name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim())", names);
        return names.Zip(values).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    // By WCAG 2.2: the relative luminances of the two, and light that is everywhere.
    static double Contrast(string one, string other)
    {
        double[] luminances = [Luminance(one), Luminance(other)];
        return (luminances.Max() + 0.05) / (luminances.Min() + 0.05);
    }

    static double Luminance(string colour)
    {
        double[] parts = [.. Enumerable.Range(0, 3).Select(part =>
            int.Parse(colour.AsSpan(1 + 2 * part, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0)];
        double[] linear = [.. parts.Select(part => part <= 0.04045 ? part / 12.92 : Math.Pow((part + 0.055) / 1.055, 2.4))];
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    }
}
