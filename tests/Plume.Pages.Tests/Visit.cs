using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Plume.Pages.Tests;

/// <summary>
/// A look at a page, which ends by asking that the browser had nothing to complain of and asked no other host for anything.
/// </summary>
public sealed class Visit : IAsyncDisposable
{
    readonly IBrowserContext context;
    readonly ConcurrentQueue<string> complaints = [];
    readonly ConcurrentQueue<string> asked = [];

    Visit(IBrowserContext context, IPage page, Uri address)
    {
        (this.context, Page, Address) = (context, page, address);
        page.Console += (_, message) => Note(message.Type is "error" or "warning", message.Text);
        page.PageError += (_, error) => Note(true, error);
        context.Request += (_, request) => asked.Enqueue(request.Url);
        page.WebSocket += (_, socket) => asked.Enqueue(socket.Url);
    }

    public IPage Page { get; }

    public Uri Address { get; }

    public static async Task<Visit> BeginAsync(IBrowserContext context, string address, bool hasScripts = true)
    {
        var visit = new Visit(context, await context.NewPageAsync(), new Uri(address));
        await visit.Page.GotoAsync(address);
        // Alive from here on: before, the page is only written out.
        await visit.Page.Locator(hasScripts ? "main[data-alive]" : "main").WaitForAsync();
        return visit;
    }

    public Task<string> TextAsync(string selector) => Page.Locator(selector).InnerTextAsync();

    /// <summary>Goes to a board by its link.</summary>
    public async Task OpenAsync(string board)
    {
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = board, Exact = true }).ClickAsync();
        await Page.Locator("#rounds").WaitForAsync();
    }

    /// <summary>Waits until a part of the page says this.</summary>
    public Task SaysAsync(string selector, string text) =>
        Page.Locator(selector).Filter(new LocatorFilterOptions { HasText = text }).First.WaitForAsync();

    /// <summary>Whether it says this before long.</summary>
    public async Task<bool> SaysSoonAsync(string selector, string text)
    {
        try
        {
            await Page.Locator(selector).Filter(new LocatorFilterOptions { HasText = text })
                .WaitForAsync(new LocatorWaitForOptions { Timeout = 1500 });
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await context.CloseAsync();
        Assert.Empty(complaints);
        Assert.All(asked, url => Assert.Equal(Address.Authority, new Uri(url).Authority));
    }

    void Note(bool isComplaint, string text)
    {
        if (isComplaint)
            complaints.Enqueue(text);
    }
}
