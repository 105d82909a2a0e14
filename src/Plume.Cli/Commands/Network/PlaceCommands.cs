using System.CommandLine;
using System.Globalization;
using Plume.Cli.Errors;
using Plume.Cli.Terminal;
using Plume.Protocol.V1;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume places, release</c>: who has a place in a federation, and taking one back.</summary>
static class PlaceCommands
{
    public static IEnumerable<Command> Create() => [List(), Release()];

    static Command List()
    {
        var (command, connection, federation) = OperateCommands.New("places", "List who has a place in a federation.");
        command.SetAction(async (line, stop) =>
        {
            var request = new PlacesRequest { Federation = line.GetValue(federation)! };
            var reply = await connection.CallAsync(line, async calls => await new Operation.OperationClient(calls)
                .PlacesAsync(request, cancellationToken: stop));
            Console.Out.Write(TextTable.Print(["place", "name", "", "missed deadlines"],
                reply.Places.Select(place => (IReadOnlyList<string>)
                [Text(place.Number), place.Name, place.There ? "there" : "away", place.Missed == 0 ? "" : Text(place.Missed)])));
            Tell.Result($"{reply.Places.Count} of {reply.All} places are taken.");
            return (int)ExitCode.Done;
        });
        return command;
    }

    static Command Release()
    {
        var (command, connection, federation) =
            OperateCommands.New("release", "Take a client's place in a federation back, for whoever comes next.");
        var name = new Option<string>("--name") { Description = "Whose place: a name of plume places.", Required = true };
        command.Options.Add(name);
        command.SetAction(async (line, stop) =>
        {
            var request = new ReleaseRequest { Federation = line.GetValue(federation)!, Name = line.GetValue(name)! };
            var reply = await connection.CallAsync(line, async calls => await new Operation.OperationClient(calls)
                .ReleaseAsync(request, cancellationToken: stop));
            Tell.Result($"Place {reply.Number} is free. If '{request.Name}' calls again, it takes a place again; plume revoke "
                + $"keeps it out.");
            return (int)ExitCode.Done;
        });
        return command;
    }

    static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
