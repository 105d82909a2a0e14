using System.Text;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Plume.Pages.Actions;
using Plume.Pages.Components.Operating;

namespace Plume.Pages.Hosting;

/// <summary>
/// Where the forms of operators lead. Each is refused without a session that is good, or if it was not written by this page for
/// this session; what it led to stands on the page that a browser is sent to.
/// </summary>
static class OperatorEndpoints
{
    const string CookieName = "plume-operator", Confirmed = "confirmed";
    const int LongestText = 200, MostFederations = 1000;

    /// <summary>Finds out who calls, by the cookie; comes before what reads forms.</summary>
    public static void UseOperators(this IApplicationBuilder app, OperatorSessions sessions) => app.Use((http, next) =>
    {
        // A circuit is nobody's: it only shows.
        if (!http.Request.Path.StartsWithSegments("/_blazor")
            && sessions.Find(http.Request.Cookies[Cookie(http)]) is { } session)
        {
            http.Features.Set(session);
            http.User = session.Principal;
        }

        return next(http);
    });

    /// <summary>Takes their forms.</summary>
    public static void MapOperators(this IEndpointRouteBuilder routes, OperatorSessions sessions)
    {
        if (sessions.Actions is not { } actions)
            return;
        routes.MapPost(OperatorAddress.SignIn, http => SignInAsync(http, sessions, actions));
        routes.MapPost(OperatorAddress.SignOut, http => SignOutAsync(http, sessions));
        routes.MapPost(OperatorAddress.Act, http => ActAsync(http, sessions, actions));
    }

    static async Task SignInAsync(HttpContext http, OperatorSessions sessions, IOperatorActions actions)
    {
        if (await FormAsync(http) is not { } form)
            return;
        string board = Text(form["board"]);
        if (!sessions.MayTry())
        {
            await RefuseAsync(http, StatusCodes.Status429TooManyRequests,
                "Too many have tried to sign in. Wait ten seconds; if that was not you, somebody else has this page's address.");
            return;
        }

        if (await actions.SignInAsync(Text(form["token"]).Trim(), http.RequestAborted) is not { } who)
        {
            See(http, OperatorAddress.Of(board, OperatorNotice.Wrong));
            return;
        }

        http.Response.Cookies.Append(Cookie(http), sessions.Begin(who), new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Path = "/",
            IsEssential = true,
            MaxAge = OperatorSessions.Life,
        });
        See(http, OperatorAddress.Of(board));
    }

    static async Task SignOutAsync(HttpContext http, OperatorSessions sessions)
    {
        if (await FormAsync(http) is not { } form)
            return;
        if (http.Features.Get<OperatorSession>() is { } session)
            sessions.End(session);
        http.Response.Cookies.Delete(Cookie(http));
        See(http, OperatorAddress.Of(Text(form["board"]), OperatorNotice.SignedOut));
    }

    static async Task ActAsync(HttpContext http, OperatorSessions sessions, IOperatorActions actions)
    {
        // The session first: a form that was good before it ended is not forged.
        if (http.Features.Get<OperatorSession>() is not { } session)
        {
            string shown = http.Request.HasFormContentType
                ? Text((await http.Request.ReadFormAsync(http.RequestAborted))["board"]) : "";
            See(http, OperatorAddress.Of(shown, OperatorNotice.NoSession));
            return;
        }

        if (await FormAsync(http) is not { } form)
            return;
        string board = Text(form["board"]), name = Text(form["name"]).Trim();
        if (!await actions.IsStillAsync(session.Who, http.RequestAborted))
        {
            sessions.End(session);
            See(http, OperatorAddress.Of(board, OperatorNotice.NoSession));
        }
        else if (ActionWords.Read(form["action"]) is not { } kind)
            await RefuseAsync(http, StatusCodes.Status400BadRequest, "Nothing was done: there is no such action.");
        else if (ActionWords.IsForGood(kind) && form["sure"] != Confirmed)
            See(http, OperatorAddress.Question(kind, board, name));
        else
        {
            session.Say(await actions.DoAsync(session.Who, new OperatorAction(kind, FederationsOf(kind, board, form), name),
                http.RequestAborted));
            See(http, OperatorAddress.Of(board));
        }
    }

    static IReadOnlyList<string> FederationsOf(OperatorActionKind kind, string board, IFormCollection form) => kind switch
    {
        OperatorActionKind.Revoke => [],
        OperatorActionKind.Invite => [.. form["federation"].Take(MostFederations).Select(name => name ?? "")],
        _ => [board],
    };

    // Null where the request was refused.
    static async Task<IFormCollection?> FormAsync(HttpContext http)
    {
        var antiforgery = http.RequestServices.GetRequiredService<IAntiforgery>();
        if (http.Request.HasFormContentType && await antiforgery.IsRequestValidAsync(http))
            return await http.Request.ReadFormAsync(http.RequestAborted);
        await RefuseAsync(http, StatusCodes.Status400BadRequest,
            "Nothing was done: this form is not one that the page wrote for you just now. Load the page anew and try again.");
        return null;
    }

    // So that loading the page anew does not do it again.
    static void See(HttpContext http, string where)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = $"/{where}";
    }

    static Task RefuseAsync(HttpContext http, int status, string why)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(why + "\n", Encoding.UTF8);
    }

    static string Text(StringValues value)
    {
        string text = value.ToString();
        return text.Length <= LongestText ? text : text[..LongestText];
    }

    // Cookies do not tell ports apart, and a machine may have several pages.
    static string Cookie(HttpContext http) => $"{CookieName}-{http.Connection.LocalPort}";
}
