using System.CommandLine;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Plume.Cli.Errors;
using Plume.Client.Identity;

namespace Plume.Cli.Network;

/// <summary>The options by which a command reaches a server, and the channel that they make.</summary>
sealed class ServerConnection
{
    readonly Argument<string> server = new("server") { Description = "The server's address: https://host:7443." };
    readonly Option<string?> root = new("--root") { Description = "root.pem of the server; without it, servers are believed that this machine believes." };
    readonly Option<string> identity = new("--identity") { Description = "The folder of the certificate to show, as plume enrol made it.", DefaultValueFactory = _ => "admin" };

    /// <summary>Adds the options to a command.</summary>
    public ServerConnection(Command command)
    {
        command.Arguments.Add(server);
        command.Options.Add(root);
        command.Options.Add(identity);
    }

    /// <summary>The server's address.</summary>
    /// <exception cref="CliException">It is none.</exception>
    public Uri Address(ParseResult line) => Parse(line.GetValue(server)!);

    /// <summary>Which servers are believed.</summary>
    public ServerTrust Trust(ParseResult line) => line.GetValue(root) is { } path ? ServerTrust.FromRoot(path) : ServerTrust.OfMachine;

    /// <summary>The folder of the certificate.</summary>
    public string Identity(ParseResult line) => line.GetValue(identity)!;

    /// <summary>Calls as the enrolled caller; to a server without TLS, under a name.</summary>
    /// <exception cref="CliException">Nobody is enrolled in the folder.</exception>
    public CallInvoker Open(ParseResult line)
    {
        var address = Address(line);
        if (address.Scheme == Uri.UriSchemeHttp)
            return GrpcChannel.ForAddress(address).Intercept(metadata => Named(metadata));
        var certificate = ClientCertificate.Load(Identity(line))
            ?? throw new CliException(ExitCode.Usage, $"The folder '{Identity(line)}' has no certificate. Enrol first: plume enrol {address} --name NAME --token-file FILE --identity {Identity(line)}");
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = Trust(line).CreateHandler(certificate), DisposeHttpClient = true }).CreateCallInvoker();
    }

    static Metadata Named(Metadata metadata)
    {
        metadata.Add("plume-client", "operator");
        return metadata;
    }

    /// <summary>A server's address.</summary>
    /// <exception cref="CliException">The text is none.</exception>
    public static Uri Parse(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
        ? address
        : throw new CliException(ExitCode.Usage, $"A server's address must begin with https:// (or http:// for one without TLS on this machine), but is '{text}'.");
}
