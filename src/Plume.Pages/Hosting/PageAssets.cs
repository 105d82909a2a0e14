using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Plume.Pages.Hosting;

/// <summary>
/// The files of a page, which are in its assembly: so a tool, a test and a server made of packages serve the same without a
/// folder.
/// </summary>
static class PageAssets
{
    static readonly (string Path, string Type)[] Files =
    [
        ("page.css", "text/css"), ("start.js", "text/javascript"), ("icon.svg", "image/svg+xml"),
        ("_framework/blazor.web.js", "text/javascript"),
    ];

    /// <summary>Serves them; a browser that has one is told so.</summary>
    public static void MapPageAssets(this IEndpointRouteBuilder routes)
    {
        foreach (var (path, type) in Files)
        {
            byte[] bytes = Read(path[(path.LastIndexOf('/') + 1)..]);
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))}\"");
            routes.MapGet($"/{path}", (HttpContext http) =>
            {
                http.Response.Headers.CacheControl = "no-cache";
                return Results.Bytes(bytes, type, entityTag: tag);
            });
        }
    }

    static byte[] Read(string name)
    {
        using var stream = typeof(PageAssets).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
