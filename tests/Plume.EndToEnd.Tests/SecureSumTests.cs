using System.Collections.Concurrent;
using Plume.Client.State;
using Plume.EndToEnd.Host;
using Plume.EndToEnd.Tests.Checks;
using Plume.EndToEnd.Tests.Processes;

namespace Plume.EndToEnd.Tests;

/// <summary>Updates that are added up in secret, by real processes.</summary>
public class SecureSumTests
{
    const int Killed = 128 + 9;

    static readonly ToyPlan Plan = new(Clients: 5, Rounds: 8, Participants: 3, Values: 20_000)
    {
        Uplink = "feedback | randk(50%) | rotate | uniform(6, shared) | secure",
    };

    [Fact]
    public async Task Wherever_the_server_dies_a_secure_sum_has_the_bits_of_a_simulation()
    {
        await using var trial = new Trial(Plan);
        var clients = trial.StartAllClients();
        foreach (string place in (string[])["event:2", "sum-stored:1", "sum-closed:1", "sum-closed:2", "revealed-stored:1",
            "sum-revealed:1", "version-stored:1", "committed:1"])
        {
            var dying = await trial.ServeAsync(place);
            Assert.Equal(Killed, await dying.EndAsync());
        }

        var ended = await trial.EndAsync(await trial.ServeAsync(), clients);
        Assert.Equal(Simulated.Model(Plan), ended.Model);
    }

    // Bytes in the midst of what a client would send by itself, which lie in its own folder until the server has answered.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_update_of_a_client_is_in_the_servers_folder_or_memory(bool isSecure)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the memory of a process.");
        var plan = new ToyPlan(Clients: 3, Rounds: 4, Participants: 3, Values: 20_000)
        {
            Uplink = isSecure ? "rotate | uniform(6, shared) | secure" : "uniform(6) | pack",
        };
        await using var trial = new Trial(plan) { Training = TimeSpan.FromMilliseconds(100) };
        var server = await trial.ServeAsync();
        var updates = new ConcurrentDictionary<string, byte[]>();
        HostProcess clients;
        using (var watcher = new FileSystemWatcher(trial.Folder, "pending.bin") { IncludeSubdirectories = true })
        {
            watcher.Renamed += (_, file) =>
            {
                if (PartOf(file.FullPath) is { } update)
                    updates[Convert.ToHexString(update)] = update;
            };
            watcher.EnableRaisingEvents = true;
            clients = trial.StartAllClients();
            await clients.EndAsync();
        }

        Assert.True(updates.Count >= 6, $"{updates.Count} updates were seen.");
        var found = ProcessMemory.Find(server.Id, [.. updates.Values]);
        var written = Directory.EnumerateFiles(trial.State, "*", SearchOption.AllDirectories).Select(ReadShared)
            .SelectMany(file => updates.Values.Where(update => file.AsSpan().IndexOf(update) >= 0));
        if (isSecure)
            Assert.Empty(found.Concat(written));
        else
            Assert.NotEmpty(found);
        await trial.EndAsync(server, clients);
    }

    // The server has it open.
    static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    static byte[]? PartOf(string path)
    {
        const int bytes = 64;
        try
        {
            byte[] payload = KeptUpdate.Read(File.ReadAllBytes(path), out _).Payload;
            return payload.AsSpan(payload.Length / 2, bytes).ToArray();
        }
        catch (IOException)
        {
            // It was counted meanwhile.
            return null;
        }
    }
}
