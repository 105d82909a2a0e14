using System.CommandLine;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Plume.Cli.Errors;
using Plume.Client.Calls;
using Plume.Client.Identity;
using Plume.Protocol;

namespace Plume.Cli.Network;

/// <summary>The options by which a command reaches a server, and the calls that it then makes.</summary>
sealed class ServerConnection
{
    const int MessageBytes = 64 << 20;

    static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(10), PingTimeout = TimeSpan.FromSeconds(10),
        ConnectTimeout = TimeSpan.FromSeconds(15), RenewalPatience = TimeSpan.FromSeconds(30);

    readonly Argument<string> server = new("server") { Description = "The server's address: https://host:7443." };
    readonly Option<string?> root = new("--root")
    {
        Description = "root.pem of the server; without it, servers are believed that this machine believes.",
    };
    readonly Option<string?> identity;
    readonly Option<string>? name;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="name">The option that says who enrols; null for a command of somebody who is enrolled.</param>
    public ServerConnection(Command command, Option<string>? name = null)
    {
        this.name = name;
        identity = new("--identity")
        {
            Description = name is null ? "The folder of the certificate to show, as plume enrol made it. [default: admin]"
                : "The folder for the key and the certificate; without it, one of the name.",
        };
        command.Arguments.Add(server);
        command.Options.Add(root);
        command.Options.Add(identity);
    }

    /// <summary>The server's address.</summary>
    /// <exception cref="CliException">It is none.</exception>
    public Uri Address(ParseResult line) => Parse(line.GetValue(server)!);

    /// <summary>Which servers are believed.</summary>
    public ServerTrust Trust(ParseResult line) => line.GetValue(root) is { } path ? ServerTrust.FromRoot(path)
        : ServerTrust.OfMachine;

    /// <summary>The folder of the certificate.</summary>
    public string Identity(ParseResult line) => line.GetValue(identity) ?? (name is null ? "admin" : line.GetValue(name)!);

    /// <summary>Makes calls as the enrolled caller; to a server without TLS, under a name.</summary>
    /// <exception cref="CliException">Nobody is enrolled in the folder, or there is no connection to the server.</exception>
    public async Task<T> CallAsync<T>(ParseResult line, Func<CallInvoker, Task<T>> calls)
    {
        var address = Address(line);
        var certificate = address.Scheme == Uri.UriSchemeHttp ? null : await CertificateAsync(line, address);
        using var channel = Open(line, address, certificate);
        return await ExplainAsync(address,
            () => calls(KnownFields.Of(address.Scheme == Uri.UriSchemeHttp ? channel.Intercept(Named)
                : channel.CreateCallInvoker())));
    }

    /// <summary>Does what calls a server, and says in words why there is no connection to it.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static async Task<T> ExplainAsync<T>(Uri address, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (RpcException failure) when (ConnectionTrouble.Explain(failure, address) is { } trouble)
        {
            throw new CliException(ExitCode.Run, trouble, failure);
        }
    }

    // As the line has it, so that what is told can be copied.
    string RootOf(ParseResult line) => line.GetValue(root) is { } file ? $" --root {file}" : "";

    // Every command renews the certificate that it shows, when that is due: an operator has no program that runs all the time.
    async Task<ClientCertificate> CertificateAsync(ParseResult line, Uri address)
    {
        var certificate = ClientCertificate.Load(Identity(line))
            ?? throw new CliException(ExitCode.Usage,
                $"The folder '{Identity(line)}' has no certificate. Enrol first: plume enrol {address}{RootOf(line)} --name NAME "
                    + $"--token-file FILE --identity {Identity(line)}");
        try
        {
            using var patience = new CancellationTokenSource(RenewalPatience);
            if (await ExplainAsync(address,
                () => certificate.RenewIfDueAsync(address, Trust(line), TimeProvider.System, patience.Token)))
                await Console.Error.WriteLineAsync(
                    $"The certificate in {Identity(line)} is renewed and good until {End(certificate)}.");
        }
        catch (Exception failure) when (failure is RpcException or IOException or InvalidDataException
            && !certificate.HasExpired(TimeProvider.System))
        {
            string reason = failure is RpcException refusal ? refusal.Status.Detail : failure.Message;
            await Console.Error.WriteLineAsync(
                $"The certificate in {Identity(line)}, good until {End(certificate)}, could not be renewed yet: {reason}");
        }

        return certificate;
    }

    static string End(ClientCertificate certificate) => $"{certificate.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}";

    // A channel that sees the handler itself waits between connections in its own way, up to two minutes, and fails calls
    // meanwhile.
    GrpcChannel Open(ParseResult line, Uri address, ClientCertificate? certificate)
    {
        var handler = Trust(line).CreateHandler(certificate);
        (handler.KeepAlivePingDelay, handler.KeepAlivePingTimeout) = (PingDelay, PingTimeout);
        handler.ConnectTimeout = ConnectTimeout;
        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        return GrpcChannel.ForAddress(address,
            new GrpcChannelOptions { HttpClient = http, DisposeHttpClient = true, MaxReceiveMessageSize = MessageBytes });
    }

    static Metadata Named(Metadata metadata)
    {
        metadata.Add("plume-client", "operator");
        return metadata;
    }

    /// <summary>A server's address.</summary>
    /// <exception cref="CliException">The text is none.</exception>
    public static Uri Parse(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
        ? address
        : throw new CliException(ExitCode.Usage,
            $"A server's address must begin with https:// (or http:// for one without TLS on this machine), but is '{text}'.");
}
