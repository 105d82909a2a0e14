using Plume.Cli.Experiments.Keys;

namespace Plume.Cli.Network.Serving;

/// <summary>All settings of a server: the file, the variables, the options and the help are made from them.</summary>
static class ServeKeys
{
    /// <summary>Experiments, which have no option of their own: they stand on the command line as they are.</summary>
    public static ServeKey Experiments { get; } = new(
        new ListKey("experiments", "Experiments, one federation each; without one, digits over twenty clients.",
            new PathKey("experiment", "An experiment.")), "experiment");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ServeKey> All { get; } =
    [
        Experiments,
        new(new ListKey("set", "Override a key of the experiments: --set rounds=20.",
            new TextKey("override", "A key and a value.")), "KEY=VALUE"),
        new(new PathKey("state", "What the server must not lose is kept here."), "FOLDER", "plume-state"),
        Address("listen", "Where clients and operators reach the server.", "127.0.0.1:7443"),
        new(new PathKey("certs", "The server's certificates; plume certs init makes them."), "FOLDER"),
        new(new FlagKey("insecure", "No TLS: for trials on one machine. Clients name themselves."), ""),
        Address("metrics", "Tell health and metrics here, by plain HTTP: 127.0.0.1:9464."),
        new(new NotationKey("page", "Show on a page in a browser here what federations do, to whoever has the address that is printed.",
            (text, _) => PagePlace.Parse(text), @"^none$|:[0-9]+$") { Examples = [PagePlace.Usual, PagePlace.Nowhere] },
            "ADDRESS:PORT|none", PagePlace.Usual),
        new(new TextKey("postgres",
            "Be one server of a cluster, by a database that plume db apply prepared; env takes its connection string from "
                + "PLUME_POSTGRES."), "CONNECTION|env"),
        Address("silo", "Where the cluster's other servers reach this one.", "127.0.0.1:11111"),
        Address("flower", "Let Flower's Python clients in here. They are not authenticated: loopback only, or with --certs."),
        new(new IntegerKey("reserved", "Places that Flower's clients cannot have; without it, as many as clients are invited.", 0,
            1_000_000), "COUNT"),
        Time("deadline", "How long a round's participants have.", "10m"),
        new(new IntegerKey("startWith", "Clients that must have joined before the first round; without it, all.", 1, 1_000_000),
            "COUNT"),
        Time("away", "How long a client may be silent before rounds no longer ask it.", "2m"),
        Time("unusedPlace", "How long after that a Flower client that does not come back keeps its place.", "10m"),
        Time("renewalGrace", "How long after its end a certificate can still be renewed.", "30d"),
        Count("connections", "Connections of clients that are held open; without it, as many as the limit of open files "
            + "allows, 20000 at most."),
        Count("connectionsPerClient", "Connections that one client may have open.", "8"),
        Count("callsPerSecond", "Calls a second that one client may make; four seconds' worth at once.", "100"),
        Count("openCalls", "Calls that one client may have open at a time.", "32"),
        Time("headerTime", "How long a connection may be silent before its first call, and an upload before its first message.",
            "15s"),
        new(new ChoiceKey("logFormat", "Log lines for people, or JSON for a collector.", ["text", "json"]), "text|json", "text"),
        new(new FlagKey("verbose", "Log what the web server and the silo say, too."), ""),
    ];

    /// <summary>The keys of a file.</summary>
    public static KeyGroup Root { get; } = new("", "A server of Plume.", [.. All.Select(setting => setting.Key)], []);

    static ServeKey Address(string name, string description, string? standard = null) =>
        new(new NotationKey(name, description, (text, _) => ListenAddress.Parse(text),
            @":[0-9]+$")
        { Examples = ["127.0.0.1:7443", "0.0.0.0:7443"] }, "ADDRESS:PORT", standard);

    static ServeKey Count(string name, string description, string? standard = null) =>
        new(new IntegerKey(name, description, 1, 1_000_000), "COUNT", standard);

    static ServeKey Time(string name, string description, string standard) =>
        new(new NotationKey(name, description, (text, _) => Duration.Parse(text),
            "^[0-9.]+[smhd]$")
        { Examples = ["90s", "10m", "2h"] }, "TIME", standard);
}
