using System.Net;
using Microsoft.Extensions.Time.Testing;
using Plume.Pages.Actions;
using Plume.Pages.Hosting;

namespace Plume.Pages.Tests;

/// <summary>Who may change anything from a page, and who may not.</summary>
public sealed class OperatorTests : IAsyncLifetime
{
    static readonly OperatorActionKind[] Kinds = Enum.GetValues<OperatorActionKind>();

    readonly FakeTimeProvider time = new();
    readonly PretendActions actions = new();
    LivePage page = null!;

    public static TheoryData<string> Actions => [.. Kinds.Select(kind => kind.ToString().ToLowerInvariant())];

    public async ValueTask InitializeAsync() => page = await ServeAsync(actions);

    [Theory]
    [MemberData(nameof(Actions))]
    public async Task Nothing_is_done_for_who_only_looks_or_forges(string action)
    {
        var form = Form(action);
        using var viewer = await FormsVisit.BeginAsync(page.Address);
        AssertSent("operate?board=first&notice=NoSession", await viewer.PostAsync("act", form));

        using var @operator = await FormsVisit.SignInAsync(page.Address);
        string good = await @operator.ForgeryTokenAsync();
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(good, "http://evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(good, "null"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(good, origin: null));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("", "own"));
        // One that was written for a viewer, and one for another operator.
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(await viewer.ForgeryTokenAsync(), "own"));
        using var other = await FormsVisit.SignInAsync(page.Address);
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(await other.ForgeryTokenAsync(), "own"));

        actions.IsStill = false;
        AssertSent("operate?board=first&notice=NoSession", await other.PostAsync("act", form));
        actions.IsStill = true;
        // That ended the session for good.
        AssertSent("operate?board=first&notice=NoSession", await other.PostAsync("act", form));
        time.Advance(OperatorSessions.Life);
        AssertSent("operate?board=first&notice=NoSession", await @operator.PostAsync("act", form, good));
        Assert.Empty(actions.Done);

        async Task<HttpStatusCode> StatusAsync(string token, string? origin) =>
            (await @operator.PostAsync("act", form, token, origin)).StatusCode;
    }

    [Theory]
    [MemberData(nameof(Actions))]
    public async Task An_operator_does_each_and_is_told_once_what_came_of_it(string action)
    {
        using var @operator = await FormsVisit.SignInAsync(page.Address);

        AssertSent("operate?board=first", await @operator.PostAsync("act", Form(action)));

        var (who, done) = Assert.Single(actions.Done);
        Assert.Equal(("ada", action), (who, done.Kind.ToString().ToLowerInvariant()));
        Assert.Equal((action is "pause" or "resume" or "stop" ? "" : "site-a", action == "revoke" ? "" : "first"),
            (action is "pause" or "resume" or "stop" ? "" : done.Name, string.Join(',', done.Federations)));
        Assert.Contains("is done.", await @operator.ReadAsync("operate?board=first"), StringComparison.Ordinal);
        Assert.DoesNotContain("is done.", await @operator.ReadAsync("operate?board=first"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stop", "Stop &#x27;first&#x27; for good?")]
    [InlineData("release", "Take the place of &#x27;site-a&#x27; in &#x27;first&#x27; back?")]
    [InlineData("revoke", "Refuse &#x27;site-a&#x27; from now on?")]
    public async Task What_nobody_can_take_back_is_asked_about_first(string action, string question)
    {
        using var @operator = await FormsVisit.SignInAsync(page.Address);

        var answer = await @operator.PostAsync("act", [.. Form(action).Where(field => field.Name != "sure")]);

        Assert.Empty(actions.Done);
        string asks = answer.Headers.Location!.ToString();
        AssertSent($"confirm?action={action}&board=first&name=site-a", answer);
        Assert.Contains(question, await @operator.ReadAsync(asks[1..]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_is_a_cookie_that_scripts_and_other_sites_cannot_have_and_ends()
    {
        using var visit = await FormsVisit.BeginAsync(page.Address);
        var answer = await visit.PostAsync("sign-in", [("token", PretendActions.Token), ("board", "first")]);

        AssertSent("operate?board=first", answer);
        string cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), set => set.StartsWith("plume-operator-", StringComparison.Ordinal));
        Assert.All(["httponly", "samesite=strict", "path=/", "max-age=1800"], part => Assert.Contains(part, cookie, StringComparison.Ordinal));
        Assert.Contains("Signed in as ada", await visit.ReadAsync("operate?board=first"), StringComparison.Ordinal);

        await visit.PostAsync("sign-out", [("board", "first")]);
        Assert.DoesNotContain(visit.Cookies, known => known.Name.StartsWith("plume-operator-", StringComparison.Ordinal));
        Assert.Contains("Sign in", await visit.ReadAsync("operate?board=first"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_tries_tokens_is_soon_let_try_no_more()
    {
        using var visit = await FormsVisit.BeginAsync(page.Address);
        for (int attempt = 0; attempt < OperatorSessions.TriesAtOnce; attempt++)
            AssertSent("operate?board=first&notice=Wrong", await visit.PostAsync("sign-in", [("token", $"{attempt}"), ("board", "first")]));

        Assert.Equal(HttpStatusCode.TooManyRequests,
            (await visit.PostAsync("sign-in", [("token", PretendActions.Token), ("board", "first")])).StatusCode);
    }

    [Fact]
    public async Task A_form_that_asks_for_what_there_is_not_does_nothing()
    {
        using var @operator = await FormsVisit.SignInAsync(page.Address);

        Assert.Equal(HttpStatusCode.BadRequest, (await @operator.PostAsync("act", [("action", "explode"), ("board", "first")])).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await @operator.PostAsync("act", [("action", "0"), ("board", "first")])).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, await @operator.StatusAsync("act?action=pause&board=first"));
        Assert.Empty(actions.Done);
    }

    [Fact]
    public async Task A_page_that_can_only_be_looked_at_has_no_forms()
    {
        await using var other = await ServeAsync(null);
        using var viewer = await FormsVisit.BeginAsync(other.Address);

        Assert.Equal(HttpStatusCode.NotFound, await viewer.StatusAsync("operate?board=first"));
        Assert.Equal(HttpStatusCode.NotFound, (await viewer.PostAsync("act", Form("pause"), "")).StatusCode);
        Assert.DoesNotContain("For operators", await viewer.ReadAsync("board?name=first"), StringComparison.Ordinal);
        using var known = await FormsVisit.BeginAsync(page.Address);
        Assert.Contains("For operators", await known.ReadAsync("board?name=first"), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync() => await page.DisposeAsync();

    Task<LivePage> ServeAsync(IOperatorActions? actions) => LivePage.StartAsync(new ShownBoards(ShownBoards.Full("first")),
        new PageOptions(new IPEndPoint(IPAddress.Loopback, 0)) { Actions = actions, Time = time });

    static (string Name, string Value)[] Form(string action) =>
        [("action", action), ("board", "first"), ("name", "site-a"), ("federation", "first"), ("sure", "confirmed")];

    static void AssertSent(string where, HttpResponseMessage answer) =>
        Assert.Equal((HttpStatusCode.SeeOther, $"/{where}"), (answer.StatusCode, $"{answer.Headers.Location}"));
}
