using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plume.Server.Federations.Records;
using Plume.Server.Storage;
using Plume.Server.Storage.Folder;
using EventLog = Plume.Server.Storage.Folder.EventLog;

namespace Plume.Server.Tests.Federations;

/// <summary>
/// Every file of a state folder, damaged in every way: a start comes to the same bits, or refuses in one message and overwrites
/// nothing.
/// </summary>
public sealed class DamagedStateTests(DamagedStateTests.Left left) : IClassFixture<DamagedStateTests.Left>
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // What nothing but a copy brings back: both are refused however they are damaged, short of a torn end.
    static readonly string[] Irreplaceable = ["records/clients/one"];

    public static TheoryData<string> Damages =>
        ["delete", "cut", "cut the end", "empty", "flip", "flip the end", "folder", "pipe", "twice", "zeros"];

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task It_goes_on_to_the_same_bits_or_refuses_in_one_message(string damage)
    {
        var outcomes = new List<string>();
        foreach (string file in left.Files)
            outcomes.Add($"{file}: {await TryAsync(file, path => Damage(path, damage))}");
        Assert.All(outcomes, outcome =>
            Assert.True(outcome.EndsWith(": same", StringComparison.Ordinal)
                || outcome.Contains(": refused: ", StringComparison.Ordinal), outcome));
        if (damage is "flip" or "cut" or "empty")
            Assert.All(Irreplaceable,
                file => Assert.Contains(outcomes, outcome => outcome.StartsWith($"{file}: refused: ", StringComparison.Ordinal)));
        // What can be made again is.
        if (damage is not ("folder" or "pipe"))
            Assert.All(outcomes.Where(outcome => outcome.Contains("/checkpoints/", StringComparison.Ordinal)
                || outcome.Contains("graph.gz", StringComparison.Ordinal) || outcome.Contains("/head-", StringComparison.Ordinal)
                || outcome.Contains("/epoch", StringComparison.Ordinal)),
                outcome => Assert.EndsWith(": same", outcome, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ledger/toy/head-*")]
    [InlineData("ledger/toy/*")]
    [InlineData("blobs/toy/checkpoints/*")]
    public async Task Several_that_are_gone_are_no_reason_to_begin_anew(string files)
    {
        string outcome = await TryAsync(files, pattern =>
        {
            foreach (string path in Directory.GetFiles(Path.GetDirectoryName(pattern)!, Path.GetFileName(pattern)))
                File.Delete(path);
        });
        Assert.Contains("refused: ", outcome, StringComparison.Ordinal);
        Assert.Contains("estore ", outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_another_version_is_not_taken_for_one()
    {
        Assert.Contains("refused: ",
            await TryAsync("ledger/toy/events-2.log",
                path => File.Copy(path.Replace("events-2", "events-1", StringComparison.Ordinal), path, overwrite: true)),
                StringComparison.Ordinal);
        Assert.Contains("refused: ",
            await TryAsync("ledger/toy/head-2",
                path => File.Copy(path.Replace("head-2", "head-1", StringComparison.Ordinal), path, overwrite: true)),
                StringComparison.Ordinal);
    }

    // Its head has everything since version 0, no records lie beside it, and its frames do not say where they stand.
    [Fact]
    public async Task A_folder_of_an_earlier_release_goes_on_to_the_same_bits() =>
        Assert.Equal("same", await TryAsync("ledger/toy/*", pattern =>
    {
        string ledger = Path.GetDirectoryName(pattern)!;
        var records = EventLog.Read(Path.Combine(ledger, "records.log"), FolderLedger.RecordSeries)
            .Select(VersionRecord.FromBytes).ToList();
        var head = JsonNode.Parse(File.ReadAllBytes(Path.Combine(ledger, "head-2")).AsSpan(8))!.AsObject();
        head.Remove("version");
        head.Remove("graph");
        head["places"] = JsonSerializer.SerializeToNode(records.SelectMany(record => record.Places).ToDictionary());
        head["lengths"] = JsonSerializer.SerializeToNode(records.Skip(1).Select(record => record.Length));
        head["hashes"] = JsonSerializer.SerializeToNode(records.Skip(1).Select(record => record.Hash));
        head["history"] = new JsonArray(
            [.. records.Skip(1).Select(record => JsonNode.Parse(record.ToBytes())!["round"]!.DeepClone())]);
        FolderHeads.Replace(ledger, 2, Encoding.UTF8.GetBytes(head.ToJsonString()));
        // It kept the events of every round; here those of the first were deleted, sooner or later, and stand in its record.
        var now = DateTimeOffset.UnixEpoch;
        byte[][] first = [.. records[1].Updates.SelectMany(update =>
            (LedgerEvent[])[new Arrived(now, update.In(1)), new WasAdded(now, update.Client, Norm: 1)])
                .Select(happened => happened.ToBytes())];
        File.WriteAllBytes(Path.Combine(ledger, "events-0.log"),
            [.. first.SelectMany(happened => EventFrame.Write([happened], place: 0))]);
        for (int version = 1; version <= 2; version++)
        {
            string path = Path.Combine(ledger, $"events-{version}.log");
            File.WriteAllBytes(path,
                [.. EventLog.Read(path, version).SelectMany(happened => EventFrame.Write([happened], place: 0))]);
        }

        foreach (string path in Directory.GetFiles(ledger, "*.last").Append(Path.Combine(ledger, "records.log"))
            .Append(Path.Combine(ledger, "head-1")))
            File.Delete(path);
    }));

    async Task<string> TryAsync(string file, Action<string> damage)
    {
        string folder = Directory.CreateTempSubdirectory("plume-damaged-").FullName;
        try
        {
            Copy(left.Folder, folder);
            string path = Path.Combine(folder, file);
            damage(path);
            byte[]? before = File.Exists(path) && new FileInfo(path).Length > 0 && !file.EndsWith('*') ? File.ReadAllBytes(path)
                : null;
            // A pipe that is opened keeps a thread for ever.
            string outcome = await Task.Run(() => StartAsync(folder)).WaitAsync(Patience);
            if (outcome.StartsWith("refused", StringComparison.Ordinal) && before is not null
                && !file.EndsWith("epoch", StringComparison.Ordinal))
                Assert.Equal(before, File.ReadAllBytes(path));
            return outcome;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    async Task<string> StartAsync(string folder)
    {
        await using var federation = new PlayedFederation(folder);
        try
        {
            await federation.OpenAsync();
            while (true)
            {
                try
                {
                    await federation.PlayAsync();
                    await federation.ReachAsync(PlayedFederation.Rounds);
                    break;
                }
                catch (FencedException)
                {
                    // A grain that finds that it must read the ledger again leaves, and the next one does.
                    await federation.LeaveAsync();
                    await federation.OpenAsync();
                }
            }

            return await federation.CheckpointAsync() == left.Checkpoint ? "same" : "other bits";
        }
        catch (Exception refusal) when (refusal is IOException or InvalidDataException)
        {
            return refusal.Message.Contains('\n', StringComparison.Ordinal) || refusal.Message.Length < 20
                ? $"no message: {refusal}" : $"refused: {refusal.Message}";
        }
    }

    static void Damage(string path, string damage)
    {
        byte[] bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "flip":
                Flip(bytes, bytes.Length / 2);
                break;
            case "flip the end":
                Flip(bytes, bytes.Length - 1);
                break;
            case "cut":
                bytes = bytes[..(bytes.Length / 2)];
                break;
            case "cut the end":
                bytes = bytes[..Math.Max(0, bytes.Length - 3)];
                break;
            case "empty":
                bytes = [];
                break;
            case "twice":
                bytes = [.. bytes, .. bytes];
                break;
            case "zeros":
                bytes = new byte[bytes.Length];
                break;
            default:
                File.Delete(path);
                if (damage == "folder")
                    Directory.CreateDirectory(path);
                if (damage == "pipe")
                    Process.Start("mkfifo", [path]).WaitForExit();
                return;
        }

        File.WriteAllBytes(path, bytes);
    }

    static void Flip(byte[] bytes, int place)
    {
        if (bytes.Length > 0)
            bytes[place] ^= 0x10;
    }

    static void Copy(string from, string to)
    {
        foreach (string path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy);
        }
    }

    /// <summary>What a server left that was killed in the middle of round 3, and what it would have come to.</summary>
    public sealed class Left : IAsyncLifetime
    {
        public string Folder { get; } = Directory.CreateTempSubdirectory("plume-left-").FullName;

        public string Checkpoint { get; private set; } = "";

        public IReadOnlyList<string> Files { get; private set; } = [];

        public async ValueTask InitializeAsync()
        {
            string calm = Directory.CreateTempSubdirectory("plume-calm-").FullName;
            await using (var federation = new PlayedFederation(calm))
            {
                await federation.OpenAsync();
                await federation.PlayAsync();
                await federation.ReachAsync(PlayedFederation.Rounds);
                Checkpoint = await federation.CheckpointAsync();
            }

            Directory.Delete(calm, recursive: true);
            await using (var federation = new PlayedFederation(Folder))
            {
                await federation.OpenAsync();
                await federation.PlayAsync(updates: 5);
                await federation.Storage.Records.WriteAsync("clients/one", Encoding.UTF8.GetBytes("""{"name":"one"}"""), 0,
                    default);
            }

            Files = [.. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Folder, path)).Order(StringComparer.Ordinal)];
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
