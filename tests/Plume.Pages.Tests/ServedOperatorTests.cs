using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Plume.Client.Identity;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Rounds;
using Plume.Pages.Hosting;
using Plume.Protocol.V1;
using Plume.Server.Federations.Definitions;
using Plume.Server.Hosting;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;
using Plume.Server.Storage;
using LocalObjective = Plume.Federation.Learners.LocalObjective;

namespace Plume.Pages.Tests;

/// <summary>What operators do from the page of a server with TLS is what their commands do.</summary>
public sealed class ServedOperatorTests : IAsyncLifetime
{
    const string Name = "toy";

    static readonly ModelLayout Layout = ModelLayout.Of([("dense.weight", [2, 3], TensorRole.Weight)]);

    readonly string folder = Directory.CreateTempSubdirectory("plume-operators-").FullName;
    readonly ConcurrentQueue<string> log = [];
    readonly List<GrpcChannel> channels = [];
    readonly CertificateAuthority authority = CertificateAuthority.Create(TimeProvider.System);
    WebApplication server = null!;
    LivePage page = null!;
    ServerTrust trust = null!;

    Uri Address => new(server.Urls.First());

    public async ValueTask InitializeAsync()
    {
        string root = Path.Combine(folder, "root.pem");
        await File.WriteAllTextAsync(root, authority.Root.ExportCertificatePem());
        var plan = new FederationPlan(4, 4, 2, new LocalObjective(1, 8, 0.1), Codec.Floats, Codec.Floats) { StartWith = 4 };
        server = PlumeServer.Build(new ServerOptions(
            [new FederationDefinition(Name, plan, 1, Layout, () => new float[Layout.Length])],
            ServerStorage.InFolder(Path.Combine(folder, "server")))
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = new ServerTls(authority.IssueServer(["127.0.0.1"]), [], authority),
        }, logging => logging.AddProvider(new Ear(log)));
        await server.StartAsync();
        page = await PlumeServer.StartPageAsync(server, new PageOptions(new IPEndPoint(IPAddress.Loopback, 0)));
        trust = ServerTrust.FromRoot(root);
    }

    [Fact]
    public async Task Each_is_done_and_stands_in_the_log_with_who_did_it()
    {
        var tokens = server.Services.GetRequiredService<EnrolmentTokens>();
        var ada = new Operation.OperationClient(await EnrolAsync("ada",
            await tokens.IssueAsync("ada", Roles.Admin, [], TimeSpan.FromHours(1), default)));
        string signIn = (await ada.SignInAsync(new SignInRequest())).Token;
        using var visit = await FormsVisit.SignInAsync(page.Address, signIn, Name);

        Assert.Contains("'toy' is paused", await ActAsync("pause"), StringComparison.Ordinal);
        Assert.True((await StatusAsync()).Paused);
        Assert.Contains("'toy' goes on.", await ActAsync("resume"), StringComparison.Ordinal);
        Assert.False((await StatusAsync()).Paused);

        string invited = await ActAsync("invite", "site-a", ("federation", Name));
        var site = new Protocol.V1.Federation.FederationClient(await EnrolAsync("site-a", Secret(invited)));
        var join = new JoinRequest { Federation = Name, Protocol = 1 };
        Assert.Equal(0u, (await site.JoinAsync(join)).Number);
        Assert.Contains("Place 0 of 'toy' is free.", await ActAsync("release", "site-a"), StringComparison.Ordinal);
        Assert.Empty((await ada.PlacesAsync(new PlacesRequest { Federation = Name })).Places);
        Assert.Contains("'site-a' is refused from now on.", await ActAsync("revoke", "site-a"), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<RpcException>(() => site.JoinAsync(join).ResponseAsync);
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);

        Assert.Contains("Nothing was done. 'ada' is the only operator", await ActAsync("revoke", "ada"), StringComparison.Ordinal);
        Assert.Contains("Nothing was done. A client is invited to one federation or more", await ActAsync("invite", "site-b"), StringComparison.Ordinal);
        Assert.Contains("'toy' is stopped for good", await ActAsync("stop"), StringComparison.Ordinal);
        Assert.Equal("Stopped", (await StatusAsync()).Phase);
        Assert.All([
            "ada signed in to the page", "toy: operator ada asked for: Pause", "toy: operator ada asked for: Resume",
            "ada invited site-a as Client to toy", "toy: operator ada took place 0 of site-a back", "ada revoked site-a",
            "toy: operator ada asked for: Stop"], line => Assert.Contains(line, log));

        async Task<FederationStatus> StatusAsync() => await ada.StatusAsync(new StatusRequest { Federation = Name });

        async Task<string> ActAsync(string action, string name = "", params (string, string)[] more)
        {
            await visit.PostAsync("act", [("action", action), ("board", Name), ("name", name), ("sure", "confirmed"), .. more]);
            return WebUtility.HtmlDecode(await visit.ReadAsync($"operate?board={Name}"));
        }
    }

    [Fact]
    public async Task A_token_signs_an_operator_in_once_and_no_longer_than_the_certificate_is_good()
    {
        var tokens = server.Services.GetRequiredService<EnrolmentTokens>();
        var invoker = await EnrolAsync("ada", await tokens.IssueAsync("ada", Roles.Admin, [], TimeSpan.FromHours(1), default));
        var ada = new Operation.OperationClient(invoker);
        string token = (await ada.SignInAsync(new SignInRequest())).Token;
        string other = (await ada.SignInAsync(new SignInRequest())).Token;
        var site = new Operation.OperationClient(await EnrolAsync("site",
            await tokens.IssueAsync("site", Roles.Client, [Name], TimeSpan.FromHours(1), default)));
        Assert.Equal(StatusCode.PermissionDenied,
            (await Assert.ThrowsAsync<RpcException>(() => site.SignInAsync(new SignInRequest()).ResponseAsync)).StatusCode);

        using var first = await FormsVisit.SignInAsync(page.Address, token, Name);
        using var second = await FormsVisit.SignInAsync(page.Address, token, Name);
        Assert.Equal((true, false), (await IsInAsync(first), await IsInAsync(second)));
        await server.Services.GetRequiredService<Enrolments>().RevokeAsync("ada", default);
        await first.PostAsync("act", [("action", "pause"), ("board", Name)]);
        using var third = await FormsVisit.SignInAsync(page.Address, other, Name);

        Assert.Equal((false, false), (await IsInAsync(first), await IsInAsync(third)));
        Assert.DoesNotContain("toy: operator ada asked for: Pause", log);
        Assert.Equal(2, log.Count(line => line == "Somebody tried to sign in to the page with a token that is not good"));

        static async Task<bool> IsInAsync(FormsVisit visit) =>
            (await visit.ReadAsync($"operate?board={Name}")).Contains("Signed in as ada", StringComparison.Ordinal);
    }

    async Task<CallInvoker> EnrolAsync(string name, string token)
    {
        var certificate = await ClientCertificate.EnrolAsync(Address, trust, Path.Combine(folder, name), name, token, default);
        var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = trust.CreateHandler(certificate) });
        channels.Add(channel);
        return channel.CreateCallInvoker();
    }

    static string Secret(string html) => html.Split("id=\"secret\">")[1].Split('<')[0];

    public async ValueTask DisposeAsync()
    {
        channels.ForEach(channel => channel.Dispose());
        await page.DisposeAsync();
        await server.StopAsync();
        await server.DisposeAsync();
        authority.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    sealed class Ear(ConcurrentQueue<string> log) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => log.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
