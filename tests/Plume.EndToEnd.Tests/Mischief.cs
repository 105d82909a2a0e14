using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;

namespace Plume.EndToEnd.Tests;

/// <summary>Runs a trial, and lets happen to it what chance draws. Every step ends with all processes up.</summary>
sealed class Mischief(Trial trial, Random chance)
{
    const int ClientProcesses = 2;
    const int RoundsAtATime = 100;

    readonly TimeProvider time = TimeProvider.System;
    readonly HostProcess[] clients = new HostProcess[ClientProcesses];
    HostProcess server = null!;
    (int Server, int Starting, int Client, int Frozen, int Cut, int Forgotten) count;

    /// <summary>Processes that were killed.</summary>
    public int Kills => count.Server + count.Starting + count.Client;

    public string Figures =>
        $"{Kills} kills ({count.Server} of a server at work, {count.Starting} of one that starts, {count.Client} of clients), "
            + $"{count.Frozen} freezes, {count.Cut} cuts, {count.Forgotten} silences";

    public async Task BeginAsync()
    {
        server = await trial.ServeAsync();
        for (int process = 0; process < ClientProcesses; process++)
            clients[process] = StartClients(process);
    }

    /// <summary>Lets some time pass, and one thing happen.</summary>
    public async Task StepAsync()
    {
        await PassAsync(600);
        switch (chance.Next(10))
        {
            case < 4:
                count.Server++;
                await server.KillAsync();
                await StartServerAsync();
                break;
            case < 7:
                count.Client++;
                int process = chance.Next(ClientProcesses);
                await clients[process].KillAsync();
                clients[process] = StartClients(process);
                break;
            case 7:
                count.Frozen++;
                await FreezeAsync(chance.Next(2) == 0 ? server : clients[chance.Next(ClientProcesses)]);
                break;
            case 8:
                count.Cut++;
                await Task.WhenAny(trial.Network.CutAfterAsync(chance.Next(2) == 0 ? Way.Up : Way.Down, chance.Next(1 << 14)),
                    PassAsync(600));
                break;
            default:
                count.Forgotten++;
                trial.Network.Forget();
                break;
        }
    }

    /// <summary>Lets the run go on to its end in peace, however long that is, as long as it goes on.</summary>
    public async Task<ServerHistory> EndAsync()
    {
        for (int version = RoundsAtATime; version <= trial.Plan.Rounds; version += RoundsAtATime)
            await server.LineAsync($"version {version} is committed", line => Versions.In(line) >= version);
        return await trial.EndAsync(server, clients);
    }

    // One start in four does not live to the end.
    async Task StartServerAsync()
    {
        while (chance.Next(4) == 0)
        {
            count.Starting++;
            var starting = trial.StartServer();
            await PassAsync(1500);
            await starting.KillAsync();
        }

        server = await trial.ServeAsync();
    }

    async Task FreezeAsync(HostProcess process)
    {
        process.Freeze();
        await PassAsync(1500);
        process.Thaw();
    }

    HostProcess StartClients(int process) =>
        trial.StartClients(Enumerable.Range(0, trial.Plan.Clients).Where(client => client % ClientProcesses == process));

    Task PassAsync(int longestMilliseconds) => Task.Delay(TimeSpan.FromMilliseconds(chance.Next(longestMilliseconds)), time);
}
