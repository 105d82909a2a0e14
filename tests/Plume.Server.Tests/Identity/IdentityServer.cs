using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Plume.Server.Identity;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;
using Plume.Server.Storage;
using Wire = Plume.Protocol.V1;

namespace Plume.Server.Tests.Identity;

/// <summary>A real Kestrel on a free port of the loopback address, with identity and two probes behind it.</summary>
sealed class IdentityServer : IAsyncDisposable
{
    readonly WebApplication app;
    readonly List<IDisposable> opened = [];

    IdentityServer(WebApplication app, CertificateAuthority authority, RecordsInMemory records, SettableTime time, LogLines log)
    {
        this.app = app;
        Authority = authority;
        Records = records;
        Time = time;
        Log = log;
        Address = new Uri(app.Urls.Single());
    }

    public CertificateAuthority Authority { get; }

    public RecordsInMemory Records { get; }

    public SettableTime Time { get; }

    public LogLines Log { get; }

    public Uri Address { get; }

    public EnrolmentTokens Tokens => app.Services.GetRequiredService<EnrolmentTokens>();

    public ClientRegistry Registry => app.Services.GetRequiredService<ClientRegistry>();

    public Enrolments Enrolments => app.Services.GetRequiredService<Enrolments>();

    public CertificateWatch Watch => app.Services.GetRequiredService<CertificateWatch>();

    public int Chains => app.Services.GetRequiredService<CertificateCheck>().Chains;

    /// <summary>A server on its own, or another one on the records, root and clock of a first.</summary>
    public static async Task<IdentityServer> StartAsync(IdentityServer? first = null, bool tls = true, bool insecure = false,
        int perAddress = 1000, int inAll = 1000)
    {
        var time = first?.Time ?? new SettableTime();
        var records = first?.Records ?? new RecordsInMemory();
        var authority = first?.Authority ?? CertificateAuthority.Create(time);
        var log = new LogLines();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(log);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (tls)
                listen.UsePlumeTls(authority.IssueServer(["localhost", "127.0.0.1"]), [], authority.Root);
        }));
        builder.Services.AddSingleton<TimeProvider>(time).AddSingleton<IRecords>(records);
        builder.Services.AddIdentity(
            new IdentityOptions { Insecure = insecure, EnrolmentsPerAddress = perAddress, Enrolments = inAll }, authority)
                .AddGrpc();
        var app = builder.Build();
        app.UseIdentity();
        app.MapGrpcService<EnrolmentRpc>();
        app.MapGrpcService<FederationProbe>();
        app.MapGrpcService<OperationProbe>();
        app.MapGet("/health", () => "well").AllowAnonymous();
        app.MapGet("/figures", () => "many").WithMetadata(new RequiredRoleAttribute(Roles.Admin));
        await app.StartAsync();
        return new IdentityServer(app, authority, records, time, log);
    }

    /// <summary>A connection that shows a certificate, or none.</summary>
    public GrpcChannel Connect(X509Certificate2? certificate = null, IPAddress? from = null)
    {
        var handler = Handler(certificate);
        if (from is not null)
            handler.ConnectCallback = (context, cancellation) => DialAsync(from, context.DnsEndPoint, cancellation);
        var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        opened.Add(channel);
        return channel;
    }

    /// <summary>A connection for requests other than gRPC's.</summary>
    public HttpClient Browse(X509Certificate2? certificate = null)
    {
        var client = new HttpClient(Handler(certificate))
        {
            BaseAddress = Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        opened.Add(client);
        return client;
    }

    /// <summary>Invites and enrols a name.</summary>
    public async Task<X509Certificate2> EnrolAsync(string name, Roles role = Roles.Client, params string[] federations)
    {
        string token = await Tokens.IssueAsync(name, role, role == Roles.Admin ? []
            : federations, TimeSpan.FromHours(1), default);
        using var key = NewKey();
        var reply = await EnrolAsync(token, RequestFor(name, key));
        return WithKey(reply, key);
    }

    public async Task<Wire.EnrolReply> EnrolAsync(string token, byte[] request) =>
        await new Wire.Enrolment.EnrolmentClient(Connect())
            .EnrolAsync(new Wire.EnrolRequest
            {
                Token = token,
                CertificateRequest = Google.Protobuf.ByteString.CopyFrom(request)
            });

    public static async Task<string> JoinAsync(ChannelBase channel, string federation = "digits") =>
        (await new Wire.Federation.FederationClient(channel).JoinAsync(new Wire.JoinRequest { Federation = federation })).Uplink;

    public static async Task<string> StatusAsync(ChannelBase channel) =>
        (await new Wire.Operation.OperationClient(channel).StatusAsync(new Wire.StatusRequest())).Message;

    /// <summary>The call is refused, and the audit log has one line more, which names the rule.</summary>
    public async Task AssertRefusedAsync(StatusCode status, string rule, Func<Task> call)
    {
        int lines = Log.Audit.Count();
        var error = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(status, error.StatusCode);
        string line = Assert.Single(Log.Audit.Skip(lines));
        Assert.StartsWith("Refused ", line, StringComparison.Ordinal);
        Assert.EndsWith($": {rule} ", line, StringComparison.Ordinal);
        Assert.Contains(" from 127.0.0.1:", line, StringComparison.Ordinal);
    }

    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static byte[] RequestFor(string name, ECDsa key) =>
        new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSigningRequest();

    public static X509Certificate2 WithKey(Wire.EnrolReply reply, ECDsa key)
    {
        using var bare = X509CertificateLoader.LoadCertificate(reply.Certificate.Span);
        return bare.CopyWithPrivateKey(key);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in opened)
            one.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    static async ValueTask<Stream> DialAsync(IPAddress from, DnsEndPoint to, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(IPAddress.Loopback, to.Port, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    SocketsHttpHandler Handler(X509Certificate2? certificate)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.Add(Authority.Root);
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
        };
        if (certificate is not null)
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        return handler;
    }
}
