using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Plume.Pages.Actions;
using Plume.Pages.Boards;
using Plume.Pages.Components;

namespace Plume.Pages.Hosting;

/// <summary>
/// A page that shows boards while they change, on a listener of its own. Who has its whole address may look: it ends in a key
/// that is drawn anew at each start. Only an operator who signs in changes anything, and only where there are actions.
/// </summary>
public sealed class LivePage : IAsyncDisposable
{
    const int MostConnections = 256, LargestBody = 64 << 10, NameBytes = 8;

    static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    readonly WebApplication app;

    LivePage(WebApplication app, string address) => (this.app, Address) = (app, address);

    /// <summary>What a browser opens, key and all.</summary>
    public string Address { get; }

    /// <summary>Serves a page until it is disposed.</summary>
    /// <param name="boards">What it shows.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <exception cref="ArgumentException">The options break rules.</exception>
    /// <exception cref="IOException">Nothing can listen there.</exception>
    public static async Task<LivePage> StartAsync(IBoards boards, PageOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(boards);
        ArgumentNullException.ThrowIfNull(options);
        string problems = string.Join(" ", options.Problems());
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(options));
        try
        {
            return await StartAtAsync(boards, options, cancellation).ConfigureAwait(false);
        }
        catch (IOException taken) when (options.TakesAnyPort && taken.InnerException is AddressInUseException)
        {
            return await StartAtAsync(boards, options with { Listen = new IPEndPoint(options.Listen.Address, 0) }, cancellation)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Serves no longer.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(Farewell);
        await app.StopAsync(patience.Token).ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
    }

    static async Task<LivePage> StartAtAsync(IBoards boards, PageOptions options, CancellationToken cancellation)
    {
        var key = PageKey.Draw();
        var app = Build(boards, options, key);
        try
        {
            await app.StartAsync(cancellation).ConfigureAwait(false);
            string at = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            return new LivePage(app, key.Address(at));
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    static WebApplication Build(IBoards boards, PageOptions options, PageKey key)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Listen(options.Listen, listen => listen.Protocols = HttpProtocols.Http1);
        });
        // Signals are for the program that shows a page beside its work.
        builder.Services.AddSingleton<IHostLifetime, GuestLifetime>();
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        // Several pages of a machine are one site to a browser: their cookies need names of their own.
        builder.Services.AddAntiforgery(forms => (forms.Cookie.Name, forms.SuppressXFrameOptionsHeader)
            = ($"plume-forms-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NameBytes))}", true));
        var sessions = new OperatorSessions(options.Actions, options.Time);
        builder.Services.AddSingleton(_ => sessions);
        builder.Services.AddSingleton(options.Time);
        builder.Services.AddSingleton(boards);
        builder.Services.AddSingleton<BoardFeed>();
        // A page that lost its program is loaded anew, so nothing is kept for it.
        builder.Services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
            circuits.DisconnectedCircuitRetentionPeriod = Farewell);
        var app = builder.Build();
        app.UseMiddleware<PageGuard>(key);
        app.UseRouting();
        app.UseOperators(sessions);
        app.UseAntiforgery();
        app.MapPageAssets();
        app.MapOperators(sessions);
        app.MapGet("/ready", () => "ready");
        app.MapGet("/file", (string board, string name) => boards.Open(board, name) is { } file
            ? Results.Stream(file, "application/octet-stream", fileDownloadName: name) : Results.NotFound());
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(rendering =>
            rendering.ContentSecurityFrameAncestorsPolicy = null);
        return app;
    }

    sealed class GuestLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
