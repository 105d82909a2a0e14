using System.Diagnostics;
using Plume.Client.State;

namespace Plume.Client.Tests.State;

/// <summary>
/// Every file of a client's folder, damaged in every way: it is begun anew, or the client says what is in its way.
/// </summary>
public sealed class DamagedFolderTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    static readonly Place Here = new("digits", "site-1", [1, 2, 3], 7);

    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, string> Cases =>
        [.. from file in (string[])["place.bin", "model.bin", "pending.bin", "settled.bin", "graph.bin", "lock"]
                                                          from damage in (string[])["delete", "cut", "empty", "flip", "twice",
                                                              "folder", "pipe"]
                                                          select (file, damage)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task It_is_begun_anew_or_told(string file, string damage)
    {
        Fill();
        Damage(folder[file], damage);
        // A pipe that is opened keeps a thread for ever.
        string? refusal = await Task.Run(Open).WaitAsync(Patience);
        Assert.Equal(damage is "folder" or "pipe", refusal is not null);
        if (refusal is not null)
            Assert.Contains($"'{folder[file]}' must be a file, but is a {damage}. Move it away", refusal,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Only_its_owner_can_read_it()
    {
        if (OperatingSystem.IsWindows())
            return;
        string inner = folder["inner"];
        using (var kept = new ClientFolder(Options(inner)))
        {
            kept.Enter(Here);
            kept.WriteModel(new KeptModel(3, new float[4]));
            kept.WritePending(new KeptUpdate(4, 1, 3, 10, 0.5, [1], [1, 2]));
        }

        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        foreach (string path in Directory.EnumerateFiles(inner))
            Assert.Equal((path, owner), (path, File.GetUnixFileMode(path)));
        Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(inner));
    }

    [Fact]
    public void A_folder_has_one_client_though_the_file_of_its_lock_is_deleted()
    {
        using var first = new ClientFolder(Options(folder.Path));
        File.Delete(folder["lock"]);
        var refused = Assert.Throws<FederationException>(() => new ClientFolder(Options(folder.Path)));
        Assert.Contains("belongs to one client at a time", refused.Message, StringComparison.Ordinal);
    }

    void Fill()
    {
        using var kept = new ClientFolder(Options(folder.Path));
        kept.Enter(Here);
        kept.WriteModel(new KeptModel(3, new float[4]));
        kept.Settle(new Settlement(3, 1, [1, 2]));
        kept.WritePending(new KeptUpdate(4, 1, 3, 10, 0.5, [1], [1, 2]));
        kept.WriteGraph([1, 2, 3]);
    }

    string? Open()
    {
        try
        {
            using var kept = new ClientFolder(Options(folder.Path));
            kept.Enter(Here);
            kept.ReadModel(4);
            kept.ReadPending(2);
            kept.ReadSettled(2);
            kept.ReadGraph();
            return null;
        }
        catch (FederationException told)
        {
            return told.Message;
        }
    }

    static ClientOptions Options(string path) => new()
    {
        Server = new Uri("http://127.0.0.1:1"),
        Federation = "digits",
        Name = "site-1",
        Folder = path,
    };

    static void Damage(string path, string damage)
    {
        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        if (damage == "folder")
            Directory.CreateDirectory(path);
        else if (damage == "pipe")
            Process.Start("mkfifo", [path]).WaitForExit();
        else if (damage != "delete")
            File.WriteAllBytes(path, damage switch
            {
                "cut" => bytes[..(bytes.Length / 2)],
                "empty" => [],
                "twice" => [.. bytes, .. bytes],
                _ => [.. bytes.Select((value, place) => place == bytes.Length / 2 ? (byte)(value ^ 1) : value)],
            });
    }
}
