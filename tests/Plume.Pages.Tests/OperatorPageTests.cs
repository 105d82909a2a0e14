using System.Net;
using Microsoft.Playwright;
using Plume.Pages.Actions;
using Plume.Pages.Boards;
using Plume.Pages.Hosting;

namespace Plume.Pages.Tests;

/// <summary>Operators' forms in a browser.</summary>
public sealed class OperatorPageTests(Chromium chromium)
{
    static Task<LivePage> ServeAsync(IOperatorActions actions, params Board[] boards) =>
        LivePage.StartAsync(new ShownBoards(boards),
            new PageOptions(new IPEndPoint(IPAddress.Loopback, 0)) { Actions = actions });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_operator_signs_in_and_acts_with_scripts_and_without(bool hasScripts)
    {
        var actions = new PretendActions();
        await using var page = await ServeAsync(actions, ShownBoards.Full("first"), ShownBoards.Full("second"));
        await using var visit = await chromium.VisitAsync(page.Address, hasScripts);
        await visit.OpenAsync("first");
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "For operators" }).ClickAsync();

        await visit.Page.GetByLabel("Token").FillAsync(PretendActions.Token);
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.SaysAsync("h2", "Signed in as ada");
        await ClickAsync("Pause");
        await visit.SaysAsync("#outcome", "Pause of is done.");

        await visit.Page.Locator("#invite ~ form, section:has(#invite) form").GetByLabel("Name").FillAsync("site-b");
        await visit.Page.GetByLabel("second").CheckAsync();
        await ClickAsync("Invite");
        await visit.SaysAsync("#secret", PretendActions.Secret);
        await visit.Page.ReloadAsync();
        Assert.Equal(0, await visit.Page.Locator("#secret").CountAsync());

        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Revoke client-2", Exact = true }).ClickAsync();
        await visit.SaysAsync("h1", "Refuse 'client-2' from now on?");
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Leave it" }).ClickAsync();
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Stop…" }).ClickAsync();
        await ClickAsync("Stop it for good");
        await visit.SaysAsync("#outcome", "Stop of is done.");
        Assert.Equal(["Pause first ", "Invite first,second site-b", "Stop first "],
            actions.Done.Select(done => $"{done.Action.Kind} {string.Join(',', done.Action.Federations)} {done.Action.Name}"));
        // Back on the board, which is alive again.
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "first", Exact = true }).ClickAsync();
        await visit.Page.Locator(hasScripts ? "main[data-alive]" : "#rounds").WaitForAsync();

        Task ClickAsync(string button) =>
            visit.Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
    }

    [Fact]
    public async Task Names_with_markup_in_them_are_text_and_forms_fit_a_phone()
    {
        const string Name = "<img src=x onerror=alert(1)>\"'-with-a-name-as-long-as-they-can-be-0123456789-0123456789";
        var actions = new PretendActions { Name = Name };
        await using var page = await ServeAsync(actions, ShownBoards.Full(Name) with
        {
            Clients = [new BoardClient(0, Name), new BoardClient(1, "</form><b>bold")],
        });
        await using var visit = await chromium.VisitAsync(page.Address);
        await visit.Page.SetViewportSizeAsync(390, 844);
        await visit.Page.GotoAsync(new Uri(visit.Address, $"/operate?board={Uri.EscapeDataString(Name)}").AbsoluteUri);
        await FitsAsync();
        await visit.Page.GetByLabel("Token").FillAsync(PretendActions.Token);
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.SaysAsync("h2", $"Signed in as {Name}");
        await FitsAsync();

        await visit.Page.Locator("#holders-table a").First.ClickAsync();
        await visit.SaysAsync("h1", $"Take the place of '{Name}' in '{Name}' back?");
        await FitsAsync();
        await visit.Page.GetByRole(AriaRole.Button).ClickAsync();
        await visit.SaysAsync("#outcome", $"Release of {Name} is done.");
        Assert.Equal(Name, Assert.Single(actions.Done).Action.Name);

        async Task FitsAsync()
        {
            Assert.Equal(390, await visit.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
            Assert.Equal(0, await visit.Page.Locator("img, b, [onerror]").CountAsync());
        }
    }
}
