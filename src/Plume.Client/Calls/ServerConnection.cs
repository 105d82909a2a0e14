using System.Runtime.InteropServices;
using Grpc.Core;
using Grpc.Net.Client;
using Plume.Client.Identity;
using Plume.Protocol;

namespace Plume.Client.Calls;

/// <summary>The way to the server, over which all calls of a client go.</summary>
sealed class ServerConnection : IDisposable
{
    const int MessageBytes = 1 << 20;

    // What a server may send ahead. A small window costs a frame back for each few kilobytes, and unless .NET is told to leave
    // it, two more now and then to find a better one: with small updates a good part of what goes over the wire.
    const int WindowBytes = 2 << 20;

    static readonly TimeSpan ShortestPing = TimeSpan.FromSeconds(1);
    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    // What this program runs, for those who look after the server.
    static readonly string Software = $"Plume {typeof(ServerConnection).Assembly.GetName().Version?.ToString(fieldCount: 3)}, "
        + $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}";

    readonly ClientOptions options;
    readonly Metadata? headers;
    GrpcChannel channel;

    /// <exception cref="FederationException">The root certificate cannot be read.</exception>
    public ServerConnection(ClientOptions options)
    {
        this.options = options;
        channel = Open(options);
        Calls = new Protocol.V1.Federation.FederationClient(Invoker);
        if (options.Server.Scheme == "http")
            headers = new Metadata { { "plume-client", options.Name } };
    }

    /// <summary>The calls that the server takes.</summary>
    public Protocol.V1.Federation.FederationClient Calls { get; private set; }

    /// <summary>For the calls of other services.</summary>
    public CallInvoker Invoker => KnownFields.Of(channel.CreateCallInvoker());

    /// <summary>
    /// Begins anew, while no call is made: the next one shows the newest certificate, and none the one that was replaced. What
    /// clients share stays as it is.
    /// </summary>
    public void Reopen()
    {
        channel.Dispose();
        channel = Open(options);
        Calls = new Protocol.V1.Federation.FederationClient(Invoker);
    }

    /// <summary>What every call is made with.</summary>
    public CallOptions With(CancellationToken cancellation) => new(headers, cancellationToken: cancellation);

    /// <summary>Whether the server does not know what this client runs: the next question for work says it.</summary>
    public bool Introduces { get; set; }

    /// <summary>What a question for work is made with.</summary>
    public CallOptions Asking(CancellationToken cancellation) => Introduces ? Introducing(cancellation) : With(cancellation);

    /// <summary>What the call is made with by which a client introduces itself.</summary>
    public CallOptions Introducing(CancellationToken cancellation)
    {
        var said = new Metadata { { "plume-software", Software } };
        foreach (var header in headers ?? [])
            said.Add(header);
        return new CallOptions(said, cancellationToken: cancellation);
    }

    public void Dispose() => channel.Dispose();

    static GrpcChannel Open(ClientOptions options)
    {
        // A channel that sees the handler itself waits between connections in its own way, up to two minutes, and fails calls
        // meanwhile.
        var http = new HttpClient(new LeanHeaders(options.Handler ?? Handler(options)), disposeHandler: options.Handler is null)
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        return GrpcChannel.ForAddress(options.Server, new GrpcChannelOptions
        {
            HttpClient = http,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MessageBytes,
            ThrowOperationCanceledOnCancellation = true,
        });
    }

    static SocketsHttpHandler Handler(ClientOptions options)
    {
        var handler = Trust(options)
            .CreateHandlerShowing(options.Identity is { } identity ? () => identity.Certificate : options.Certificate);

        // A connection whose peer is gone without a word must be found out within the patience, or the next call goes over it,
        // too.
        handler.KeepAlivePingDelay = AtLeast(ShortestPing, options.Patience / 3);
        handler.KeepAlivePingTimeout = AtLeast(ShortestPing, options.Patience / 6);
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        handler.ConnectTimeout = ConnectTimeout;
        handler.InitialHttp2StreamWindowSize = WindowBytes;
        return handler;
    }

    static TimeSpan AtLeast(TimeSpan least, TimeSpan time) => time > least ? time : least;

    /// <summary>Which servers a client believes.</summary>
    /// <exception cref="FederationException">The root certificate cannot be read.</exception>
    public static ServerTrust Trust(ClientOptions options)
    {
        try
        {
            return options.RootFile is { } root ? ServerTrust.FromRoot(root, options.Time) : ServerTrust.OfMachine;
        }
        catch (InvalidDataException problem)
        {
            throw new FederationException(problem.Message, problem);
        }
    }
}
