using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Plume.Client.Tests.Fakes;

/// <summary>A fake federation on a loopback port.</summary>
sealed class FakeServer : IAsyncDisposable
{
    readonly WebApplication app;

    FakeServer(WebApplication app, FakeFederation federation) => (this.app, Federation) = (app, federation);

    public FakeFederation Federation { get; }

    public Faults Faults => Federation.Faults;

    public Uri Address => new(
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<FakeServer> StartAsync(FakeFederation? federation = null, FakeAuthority? authority = null)
    {
        federation ??= new FakeFederation();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (authority is not null)
                listen.UseHttps(authority.Server,
                    https => (https.ClientCertificateMode, https.ClientCertificateValidation) =
                        (ClientCertificateMode.AllowCertificate, (_, _, _) => true));
        }));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(federation);
        builder.Services.AddSingleton(authority ?? new FakeAuthority());
        var app = builder.Build();
        app.MapGrpcService<FakeFederation>();
        app.MapGrpcService<FakeAuthority>();
        await app.StartAsync();
        return new FakeServer(app, federation);
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    /// <summary>A client of this server whose waits are short.</summary>
    public ClientOptions Client(Folder folder) => new()
    {
        Server = Address,
        Federation = "digits",
        Name = "site-1",
        Folder = folder.Path,
        FirstBackoff = TimeSpan.FromMilliseconds(1),
        LongestBackoff = TimeSpan.FromMilliseconds(20),
        Jitter = new Random(1),
    };
}
