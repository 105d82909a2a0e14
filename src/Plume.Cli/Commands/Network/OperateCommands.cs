using System.CommandLine;
using Google.Protobuf;
using Grpc.Core;
using Plume.Cli.Errors;
using Plume.Cli.Network;
using Plume.Cli.Terminal;
using Plume.Compression.Wording;
using Plume.Protocol.V1;
using Spectre.Console;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume status, watch, pause, resume, extend, stop, sign-in</c>: what an operator does with a federation.</summary>
static class OperateCommands
{
    public static IEnumerable<Command> Create() =>
    [
        Ask("status", "Show how a federation stands.",
            (operation, name, stop) => operation.StatusAsync(new StatusRequest { Federation = name }, cancellationToken: stop)),
        Watch(),
        Ask("pause", "Open no further round; the round at hand goes on.",
            (operation, name, stop) => operation.PauseAsync(new ControlRequest { Federation = name }, cancellationToken: stop)),
        Ask("resume", "Open rounds again.",
            (operation, name, stop) => operation.ResumeAsync(new ControlRequest { Federation = name }, cancellationToken: stop)),
        Extend(),
        Ask("stop", "End a federation for good; its newest model stays.",
            (operation, name, stop) => operation.StopAsync(new ControlRequest { Federation = name }, cancellationToken: stop)),
        SignIn(),
    ];

    static Command Ask(string name, string description,
        Func<Operation.OperationClient, string, CancellationToken, AsyncUnaryCall<FederationStatus>> ask)
    {
        var (command, connection, federation) = New(name, description);
        Answer(command, connection, (line, operation, stop) => ask(operation, line.GetValue(federation)!, stop));
        return command;
    }

    static Command Extend()
    {
        var (command, connection, federation) = New("extend",
            "Give a federation more rounds. One that is finished goes on when its clients have joined again.");
        var rounds = new Option<uint>("--rounds")
        {
            Description = "All of its rounds, those that are done included.",
            Required = true,
        };
        command.Options.Add(rounds);
        Answer(command, connection, (line, operation, stop) => operation.ExtendAsync(
            new ExtendRequest { Federation = line.GetValue(federation)!, Rounds = line.GetValue(rounds) },
            cancellationToken: stop));
        return command;
    }

    // Tells how the federation stands after it was asked something.
    static void Answer(Command command, ServerConnection connection,
        Func<ParseResult, Operation.OperationClient, CancellationToken, AsyncUnaryCall<FederationStatus>> ask)
    {
        var json = new Option<bool>("--json") { Description = "Print the status as JSON." };
        command.Options.Add(json);
        command.SetAction(async (line, stop) =>
        {
            var status = await connection.CallAsync(line,
                async calls => await ask(line, new Operation.OperationClient(calls), stop));
            // What is not seen is escaped as JSON itself does it.
            if (line.GetValue(json))
                Console.Out.WriteLine(Printable.Line(JsonFormatter.Default.Format(status), int.MaxValue));
            else
                AnsiConsole.Write(StatusView.Render(status));
            return (int)ExitCode.Done;
        });
    }

    static Command Watch()
    {
        var (command, connection, federation) = New("watch", "Follow a federation in a live table until it ends.");
        command.SetAction(async (line, stop) =>
        {
            await connection.CallAsync(line, async calls =>
            {
                var watched = new WatchedFederation(new Operation.OperationClient(calls), connection.Address(line),
                    line.GetValue(federation)!, TimeProvider.System);
                await AnsiConsole.Live(new Text("")).StartAsync(live => watched.FollowAsync((status, trouble) =>
                {
                    live.UpdateTarget(StatusView.Render(status, trouble));
                    live.Refresh();
                }, stop));
                return ExitCode.Done;
            });
            return (int)ExitCode.Done;
        });
        return command;
    }

    static Command SignIn()
    {
        var command = new Command("sign-in", "Print a one-time token by which an operator signs in to the server's page.");
        var connection = new ServerConnection(command);
        command.SetAction(async (line, stop) =>
        {
            var reply = await connection.CallAsync(line, async calls => await new Operation.OperationClient(calls)
                .SignInAsync(new SignInRequest(), cancellationToken: stop));
            Tell.Note($"Paste it into the page of the server within {reply.ValidSeconds / 60} minutes, below 'For operators'.");
            Tell.Result($"{reply.Token}");
            return (int)ExitCode.Done;
        });
        return command;
    }

    /// <summary>A command that asks a server something of a federation.</summary>
    public static (Command Command, ServerConnection Connection, Option<string> Federation) New(string name, string description)
    {
        var command = new Command(name, description);
        var connection = new ServerConnection(command);
        var federation = new Option<string>("--federation")
        {
            Description = "The federation: the name in its experiment.",
            DefaultValueFactory = _ => "digits",
        };
        command.Options.Add(federation);
        return (command, connection, federation);
    }
}
