// What a server takes, measured from outside on real processes: the server is a child process, and clients are in this one.
// Usage: Plume.Server.Bench aggregate [values] [updates] [uplink]
//        Plume.Server.Bench crowd [clients] [rounds] [participants] [values] [tls] [kill]
using Plume.Server.Bench;

switch (args.FirstOrDefault())
{
    case "aggregate":
        await Aggregation.RunAsync(Number(1, 5_000_000), Number(2, 200), args.ElementAtOrDefault(3) ?? "uniform(8) | pack");
        return 0;
    case "crowd":
        await Crowd.RunAsync(Number(4, 640), Number(1, 2_000), Number(2, 20), Number(3, 200), args.Contains("tls"),
            args.Contains("kill"));
        return 0;
    case ServerProcess.Child:
        await ServerProcess.HostAsync(BenchPlan.Read(args.AsSpan(1)), args[^2], args[^1]);
        return 0;
    default:
        Console.Error.WriteLine(
            "Say what to measure: aggregate [values] [updates] [uplink], or crowd [clients] [rounds] [participants] [values] "
                + "[tls] [kill].");
        return 1;
}

int Number(int place, int otherwise) =>
    args.Length > place && int.TryParse(args[place], System.Globalization.CultureInfo.InvariantCulture, out int value) ? value
        : otherwise;
