using Grpc.Net.Client;
using Plume.Client.Identity;
using Plume.Protocol.V1;

namespace Plume.EndToEnd.Host;

/// <summary>
/// What a command of an operator does: renews the certificate in its folder if that is due, and asks how the federation stands.
/// </summary>
static class Operator
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        var time = ShiftedTime.Of(arguments);
        var server = new Uri(arguments["server"]);
        var trust = ServerTrust.FromRoot(arguments["root"], time);
        var certificate = ClientCertificate.Load(arguments["identity"])!;
        bool isNew = await certificate.RenewIfDueAsync(server, trust, time, CancellationToken.None);
        using var channel = GrpcChannel.ForAddress(server,
            new GrpcChannelOptions { HttpHandler = trust.CreateHandler(certificate), DisposeHttpClient = true });
        var status = await new Operation.OperationClient(channel)
            .StatusAsync(new StatusRequest { Federation = ToyPlan.Federation });
        Console.WriteLine($"{(isNew ? "renewed" : "kept")}; {status.Phase}; {string.Join(" ", status.Warnings)}");
        return 0;
    }
}
