using System.CommandLine;
using System.Globalization;
using Google.Protobuf;
using Plume.Cli.Errors;
using Plume.Cli.Network;
using Plume.Cli.Terminal;
using Plume.Client.Identity;
using Plume.Compression.Wording;
using Plume.Pages.Charts;
using Plume.Protocol.V1;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume enrol, invite, revoke, clients</c>: who may call a server.</summary>
static class EnrolmentCommands
{
    public static IEnumerable<Command> Create() => [Enrol(), Invite(), Revoke(), Clients()];

    static Command Enrol()
    {
        var name = new Option<string>("--name") { Description = "The name that was invited.", Required = true };
        var token = new Option<string>("--token-file")
        {
            Description = "A file with the invitation; - reads it from standard input.",
            Required = true,
        };
        var command = new Command("enrol", "Trade an invitation for a certificate; the key is made here and stays here.")
        {
            name, token,
        };
        var connection = new ServerConnection(command, name);
        command.SetAction(async (line, stop) =>
        {
            if (connection.Address(line).Scheme != Uri.UriSchemeHttps)
                throw new CliException(ExitCode.Usage,
                    $"An invitation is a secret, so a client enrols over TLS only: the server's address must begin with "
                        + $"https://, but is '{connection.Address(line)}'.");
            string path = line.GetValue(token)!;
            string text = path == "-" ? await Console.In.ReadToEndAsync(stop) : await File.ReadAllTextAsync(path, stop);
            var certificate = await ServerConnection.ExplainAsync(connection.Address(line), () =>
                ClientCertificate.EnrolAsync(connection.Address(line), connection.Trust(line), connection.Identity(line),
                    line.GetValue(name)!, text.Trim(), stop));
            Tell.Result($"Enrolled '{certificate.Name}'; its certificate lies in {connection.Identity(line)} and is good until "
                + $"{certificate.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}.");
            return (int)ExitCode.Done;
        });
        return command;
    }

    static Command Invite()
    {
        var name = new Option<string>("--name") { Description = "Who is invited.", Required = true };
        var federations = new Option<string[]>("--federation")
        {
            Description = "A federation it may join; may be given several times.",
            DefaultValueFactory = _ => [],
        };
        var admin = new Option<bool>("--admin") { Description = "Invite an operator instead of a client." };
        var valid = Duration.Option("--valid", "How long the invitation is good.", "7d");
        var command = new Command("invite", "Print a one-time invitation.") { name, federations, admin, valid };
        var connection = new ServerConnection(command);
        command.SetAction(async (line, stop) =>
        {
            var request = new InviteRequest
            {
                Name = line.GetValue(name)!,
                Admin = line.GetValue(admin),
                ValidSeconds = (ulong)Duration.Parse(line.GetValue(valid)!, "--valid").TotalSeconds,
            };
            request.Federations.AddRange(line.GetValue(federations)!);
            var reply = await connection.CallAsync(line, async calls => await new Operation.OperationClient(calls)
                .InviteAsync(request, cancellationToken: stop));
            Tell.Result($"{reply.Token}");
            return (int)ExitCode.Done;
        });
        return command;
    }

    static Command Revoke()
    {
        var name = new Option<string>("--name") { Description = "Whose certificate is void from now on.", Required = true };
        var command = new Command("revoke", "Refuse all further calls of a client or operator.") { name };
        var connection = new ServerConnection(command);
        command.SetAction(async (line, stop) =>
        {
            await connection.CallAsync(line, async calls => await new Operation.OperationClient(calls)
                .RevokeAsync(new RevokeRequest { Name = line.GetValue(name)! }, cancellationToken: stop));
            Tell.Result($"'{line.GetValue(name)}' is refused from now on.");
            return (int)ExitCode.Done;
        });
        return command;
    }

    static Command Clients()
    {
        var json = new Option<bool>("--json") { Description = "Print it as JSON." };
        var command = new Command("clients", "List who is enrolled, and what is known of everybody who has a place.");
        var connection = new ServerConnection(command);
        command.Options.Add(json);
        command.SetAction(async (line, stop) =>
        {
            var reply = await connection.CallAsync(line, async calls => await new Operation.OperationClient(calls)
                .ClientsAsync(new ClientsRequest(), cancellationToken: stop));
            if (line.GetValue(json))
            {
                Console.Out.WriteLine(Printable.Line(JsonFormatter.Default.Format(reply), int.MaxValue));
                return (int)ExitCode.Done;
            }

            Console.Out.Write(TextTable.Print(["name", "role", "federations", "until", ""],
                reply.Clients.Select(client => (IReadOnlyList<string>)
                [client.Name, client.Admin ? "admin"
                    : "client", string.Join(", ", client.Federations),
                    $"{DateTimeOffset.FromUnixTimeSeconds(client.ExpiresUnixSeconds):yyyy-MM-dd}", client.Revoked ? "revoked"
                        : ""])));
            foreach (var federation in reply.Figures.GroupBy(figures => figures.Federation))
                Console.Out.Write(FiguresOf(federation));
            return (int)ExitCode.Done;
        });
        return command;
    }

    static string FiguresOf(IGrouping<string, ClientFigures> federation) => $"\n{Printable.Name(federation.Key)}\n"
        + TextTable.Print([">place", "name", "last seen", ">samples", ">updates", ">refused", ">up", ">down", ">speed up", ">speed down"],
            federation.Select(client => (IReadOnlyList<string>)
            [
                Text(client.Place), client.Name, SeenOf(client), client.Samples == 0 ? "-" : Text(client.Samples),
                Text(client.Counted), Text(client.Refused), Quantity.Bytes((long)client.UplinkBytes),
                Quantity.Bytes((long)client.DownlinkBytes), Quantity.Speed(client.HasUplinkSpeed ? client.UplinkSpeed : null),
                Quantity.Speed(client.HasDownlinkSpeed ? client.DownlinkSpeed : null),
            ]));

    static string SeenOf(ClientFigures client) => !client.HasSilentMs ? "-"
        : client.There && client.SilentMs < 15_000 ? "now" : $"{Quantity.Seconds(client.SilentMs / 1000.0)} ago";

    static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
