using System.Net;
using Plume.Pages.Hosting;

namespace Plume.Pages.Tests;

/// <summary>Who may look at a page, and what it tells browsers.</summary>
public sealed class GuardTests : IAsyncLifetime
{
    readonly HttpClient stranger = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    readonly HttpClient viewer = new();
    LivePage page = null!;

    Uri Address => new(page.Address);

    Uri Without => new(Address, "/");

    public async ValueTask InitializeAsync()
    {
        page = await LivePage.StartAsync(new ShownBoards(ShownBoards.Full("first")), new PageOptions(new IPEndPoint(IPAddress.Loopback, 0)));
    }

    [Fact]
    public async Task Whoever_has_the_whole_address_may_look()
    {
        var answer = await viewer.GetAsync(Address);

        Assert.Equal((HttpStatusCode.OK, Without), (answer.StatusCode, answer.RequestMessage!.RequestUri));
        Assert.Contains(">first</a>", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await viewer.GetAsync(new Uri(Address, "/ready"))).StatusCode);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/?key=00000000000000000000000000000000")]
    [InlineData("/board?name=first")]
    [InlineData("/_blazor/negotiate?negotiateVersion=1")]
    [InlineData("/file?board=first&name=rounds.csv")]
    public async Task Without_its_key_it_shows_nothing(string path)
    {
        var answer = await stranger.GetAsync(new Uri(Address, path));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("This page is for whoever has its whole address: the one that the program printed when it started, which ends in a "
            + "key.\n", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("Host", "evil.example")]
    [InlineData("Host", "127.0.0.1.evil.example")]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    public async Task A_name_that_leads_here_and_a_site_of_others_are_refused_even_with_it(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address);
        request.Headers.TryAddWithoutValidation(header, value);

        Assert.Equal(HttpStatusCode.Forbidden, (await stranger.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Browsers_are_told_to_load_nothing_from_elsewhere()
    {
        var headers = (await viewer.GetAsync(Address)).Headers;

        Assert.Equal("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
            + "base-uri 'self'; form-action 'self'; frame-ancestors 'none'", Assert.Single(headers.GetValues("Content-Security-Policy")));
        Assert.True(headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task Only_files_that_are_there_are_given()
    {
        _ = await viewer.GetAsync(Address);

        Assert.Equal("round\n1\n", await viewer.GetStringAsync(new Uri(Address, "/file?board=first&name=rounds.csv")));
        Assert.Equal(HttpStatusCode.NotFound, (await viewer.GetAsync(new Uri(Address, "/file?board=first&name=..%2Fetc%2Fpasswd"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await viewer.GetAsync(new Uri(Address, "/file"))).StatusCode);
    }

    [Fact]
    public async Task A_page_for_the_whole_network_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<ArgumentException>(() =>
            LivePage.StartAsync(new ShownBoards(), new PageOptions(new IPEndPoint(IPAddress.Any, 7480))));

        Assert.Contains("is plain HTTP, so it listens on loopback only, but is to listen on 0.0.0.0.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_left_to_whoever_has_it()
    {
        var taken = new IPEndPoint(IPAddress.Loopback, Address.Port);
        await Assert.ThrowsAsync<IOException>(() => LivePage.StartAsync(new ShownBoards(), new PageOptions(taken)));

        await using var other = await LivePage.StartAsync(new ShownBoards(), new PageOptions(taken) { TakesAnyPort = true });

        Assert.NotEqual(Address.Port, new Uri(other.Address).Port);
    }

    public async ValueTask DisposeAsync()
    {
        await page.DisposeAsync();
        stranger.Dispose();
        viewer.Dispose();
    }
}
