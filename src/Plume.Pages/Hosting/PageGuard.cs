using System.Net;
using Microsoft.AspNetCore.Http;

namespace Plume.Pages.Hosting;

/// <summary>
/// Stands before everything of a page: lets in who has its key and calls it by an address of this machine, and tells browsers
/// to load nothing from elsewhere, run nothing that stands in the page, and show it in no other.
/// </summary>
/// <remarks>
/// The host is checked since a name that leads here (DNS rebinding) would make the page one with a site of somebody else; the
/// origin since no browser holds web sockets to their own site.
/// </remarks>
sealed class PageGuard(RequestDelegate next, PageKey key)
{
    /// <summary>What a browser may load and do.</summary>
    public const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        + "connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public Task InvokeAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        // Without a referrer browsers do not say where a form comes from either.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        if (!IsHere(http.Request.Host.Host) || !IsOwn(http.Request))
            return RefuseAsync(http, StatusCodes.Status403Forbidden, "This page answers to addresses of its own machine alone.");
        if (key.IsKnownBy(http))
            return next(http);
        return key.TryAdmit(http) ? Task.CompletedTask : RefuseAsync(http, StatusCodes.Status401Unauthorized,
            "This page is for whoever has its whole address: the one that the program printed when it started, which ends in a key.");
    }

    static bool IsHere(string host) => host == "localhost"
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    // Browsers say with every form where it comes from; what only looks need not say it.
    static bool IsOwn(HttpRequest request) => (string?)request.Headers.Origin is { } origin ? origin == $"http://{request.Host}"
        : HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    static Task RefuseAsync(HttpContext http, int status, string why)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(why + "\n");
    }
}
