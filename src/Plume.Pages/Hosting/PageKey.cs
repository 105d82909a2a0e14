using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Plume.Pages.Hosting;

/// <summary>What a viewer must know: it stands in the address, and from the first visit on in a cookie.</summary>
sealed class PageKey
{
    const int Bytes = 16;
    const string Parameter = "key";

    readonly string text;

    PageKey(string text) => this.text = text;

    /// <summary>A new one, which nobody can guess.</summary>
    public static PageKey Draw() => new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes)));

    /// <summary>An address with the key.</summary>
    public string Address(string at) => $"{at.TrimEnd('/')}/?{Parameter}={text}";

    /// <summary>Whether a request has it in its cookie.</summary>
    public bool IsKnownBy(HttpContext http) => IsIt(http.Request.Cookies[Cookie(http)]);

    /// <summary>Gives a request that has it in its address the cookie, and the address without it.</summary>
    /// <returns>Whether it has.</returns>
    public bool TryAdmit(HttpContext http)
    {
        var request = http.Request;
        if (!HttpMethods.IsGet(request.Method) || !IsIt(request.Query[Parameter]))
            return false;
        http.Response.Cookies.Append(Cookie(http), text,
            new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true });
        var rest = QueryString.Create(request.Query.Where(parameter => parameter.Key != Parameter));
        http.Response.Redirect(request.Path.ToUriComponent() + rest.ToUriComponent());
        return true;
    }

    bool IsIt(string? told) => told is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(told), Encoding.UTF8.GetBytes(text));

    // Cookies do not tell ports apart, and a machine may have several pages.
    static string Cookie(HttpContext http) => $"plume-page-{http.Connection.LocalPort}";
}
