using System.Net;
using System.Text.RegularExpressions;

namespace Plume.Pages.Tests;

/// <summary>Somebody who looks at a page and posts forms by hand, right ones and forged ones.</summary>
sealed partial class FormsVisit(string address) : IDisposable
{
    readonly CookieContainer cookies = new();
    HttpClient? http;

    HttpClient Http => http ??= new HttpClient(new SocketsHttpHandler { CookieContainer = cookies, AllowAutoRedirect = false });

    public Uri Address => new(address);

    /// <summary>The cookies that a browser would send by now.</summary>
    public IEnumerable<Cookie> Cookies => cookies.GetCookies(Address);

    /// <summary>Looks for the first time.</summary>
    public static async Task<FormsVisit> BeginAsync(string address)
    {
        var visit = new FormsVisit(address);
        _ = await visit.Http.GetAsync(visit.Address);
        return visit;
    }

    /// <summary>The same, signed in.</summary>
    public static async Task<FormsVisit> SignInAsync(string address, string token = PretendActions.Token, string board = "first")
    {
        var visit = await BeginAsync(address);
        await visit.PostAsync("sign-in", [("token", token), ("board", board)]);
        return visit;
    }

    public async Task<string> ReadAsync(string path) => await Http.GetStringAsync(new Uri(Address, $"/{path}"));

    public async Task<HttpStatusCode> StatusAsync(string path) => (await Http.GetAsync(new Uri(Address, $"/{path}"))).StatusCode;

    /// <summary>What stops forms of other sites: it stands in each of the page's own.</summary>
    public async Task<string> ForgeryTokenAsync(string board = "first") =>
        Forgery().Match(await ReadAsync($"operate?board={board}")).Groups[1].Value;

    /// <summary>Posts a form as the page's own, or with another token, or as if from elsewhere.</summary>
    public async Task<HttpResponseMessage> PostAsync(string path, (string Name, string Value)[] fields,
        string? forgeryToken = null, string? origin = "own")
    {
        string token = forgeryToken ?? await ForgeryTokenAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, $"/{path}"))
        {
            Content = new FormUrlEncodedContent([.. fields.Append(("__RequestVerificationToken", token))
                .Select(field => KeyValuePair.Create(field.Item1, field.Item2))]),
        };
        if (origin is not null)
            request.Headers.Add("Origin", origin == "own" ? Address.GetLeftPart(UriPartial.Authority) : origin);
        return await Http.SendAsync(request);
    }

    public void Dispose() => http?.Dispose();

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Forgery();
}
