using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using Plume.Compression.Container;

namespace Plume.Server.Storage.Folder;

/// <summary>
/// Ledgers as files of a folder that one server uses: for each federation a file of the epoch, the last two heads, and one
/// log of events for each version.
/// </summary>
public sealed class FolderLedger : ILedger, IDisposable
{
    const int HeadHashBytes = 8;

    readonly string root;
    readonly FileStream owner;
    readonly Dictionary<string, Open> open = [];
    readonly Lock gate = new();

    sealed record Open(long Epoch, int Version, EventLog Events);

    /// <summary>Ledgers in a folder, which is made if there is none, and is this process's until disposal.</summary>
    /// <exception cref="IOException">Another server uses the folder.</exception>
    public FolderLedger(string root)
    {
        this.root = Path.GetFullPath(root);
        Directory.CreateDirectory(this.root);
        try
        {
            owner = new FileStream(Path.Combine(this.root, "owner.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException busy)
        {
            throw new IOException($"Another server uses the folder '{this.root}'. Stop it, or give this one a folder of its own.", busy);
        }
    }

    /// <inheritdoc/>
    public Task<LedgerContent> TakeOverAsync(string federation, CancellationToken cancellation)
    {
        string folder = FolderOf(federation);
        Directory.CreateDirectory(folder);
        lock (gate)
        {
            long epoch = NextEpoch(folder, open.TryGetValue(federation, out var last) ? last.Epoch : 0);
            var (version, head) = NewestHead(folder);
            if (open.Remove(federation, out var before))
                before.Events.Dispose();
            open[federation] = new Open(epoch, version, EventLog.Open(EventsPath(folder, version), out var events));
            return Task.FromResult(new LedgerContent(epoch, version, head, events));
        }
    }

    /// <inheritdoc/>
    public Task AppendAsync(string federation, long epoch, int position, IReadOnlyList<byte[]> events, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentOutOfRangeException.ThrowIfZero(events.Count, nameof(events));
        lock (gate)
        {
            var owned = Owned(federation, epoch);
            if (owned.Events.Count == position)
                OrDisown(federation, owned, () => owned.Events.Append(events));
            else if (!Holds(EventLog.Read(EventsPath(FolderOf(federation), owned.Version)), position, events))
                throw new FencedException($"The ledger of '{federation}' has {owned.Events.Count} events since version {owned.Version}, but the append expects {position}.");
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CommitAsync(string federation, long epoch, int version, byte[] head, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(head);
        string folder = FolderOf(federation);
        lock (gate)
        {
            var owned = Owned(federation, epoch);
            byte[] bytes = Sealed(head);
            if (version == owned.Version && File.ReadAllBytes(HeadPath(folder, version)).AsSpan().SequenceEqual(bytes))
                return Task.CompletedTask;
            if (version != owned.Version + 1)
                throw new FencedException($"The head of '{federation}' is version {owned.Version}; version {version} is not the next.");
            // The log of what comes next is open before the head is replaced, after which nothing may fail.
            var next = EventLog.Open(EventsPath(folder, version), out _);
            try
            {
                OrDisown(federation, owned, () => Replace(folder, version, bytes));
            }
            catch
            {
                next.Dispose();
                throw;
            }

            owned.Events.Dispose();
            open[federation] = new Open(epoch, version, next);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<byte[]>> HistoryAsync(string federation, int version, CancellationToken cancellation)
    {
        lock (gate)
            return Task.FromResult(EventLog.Read(EventsPath(FolderOf(federation), version)));
    }

    /// <summary>Lets another process have the folder.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var ledger in open.Values)
                ledger.Events.Dispose();
            open.Clear();
        }

        owner.Dispose();
    }

    // An owner that does not know what it wrote may write no more: it could go on from what is not there any longer.
    void OrDisown(string federation, Open owned, Action write)
    {
        try
        {
            write();
        }
        catch (UnknownOutcomeException)
        {
            open[federation] = owned with { Epoch = owned.Epoch + 1 };
            throw;
        }
    }

    static void Replace(string folder, int version, byte[] head)
    {
        AtomicFile.Write(HeadPath(folder, version), head);
        try
        {
            DurableFolder.Flush(folder);
            File.Delete(HeadPath(folder, version - 2));
        }
        catch (IOException problem)
        {
            throw new UnknownOutcomeException($"Whether version {version} in '{folder}' would survive a loss of power is not known: {problem.Message}", problem);
        }
    }

    static byte[] Sealed(byte[] head)
    {
        var bytes = new byte[HeadHashBytes + head.Length];
        head.CopyTo(bytes, HeadHashBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, XxHash64.HashToUInt64(head));
        return bytes;
    }

    static bool Holds(IReadOnlyList<byte[]> there, int position, IReadOnlyList<byte[]> events) =>
        position >= 0 && there.Count - position >= events.Count && events.Index().All(item => there[position + item.Index].AsSpan().SequenceEqual(item.Item));

    Open Owned(string federation, long epoch) => open.TryGetValue(federation, out var owned) && owned.Epoch == epoch
        ? owned
        : throw new FencedException($"The federation '{federation}' has a newer owner than epoch {epoch}.");

    // Owners that could meet are all in this process, so a file that is damaged does no harm.
    static long NextEpoch(string folder, long last)
    {
        string path = Path.Combine(folder, "epoch");
        long epoch = 1 + (File.Exists(path) && long.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out long written) ? Math.Max(written, last) : last);
        DurableFolder.Replace(path, System.Text.Encoding.ASCII.GetBytes(epoch.ToString(CultureInfo.InvariantCulture)));
        return epoch;
    }

    // A head that is damaged is passed over: the one before it and the events since lead to the same model.
    static (int Version, byte[] Head) NewestHead(string folder)
    {
        var versions = Directory.EnumerateFiles(folder, "head-*").Where(path => !path.EndsWith(".tmp", StringComparison.Ordinal))
            .Select(path => int.Parse(Path.GetFileName(path).AsSpan("head-".Length), CultureInfo.InvariantCulture)).OrderDescending().ToList();
        foreach (int version in versions)
        {
            byte[] bytes = File.ReadAllBytes(HeadPath(folder, version));
            if (bytes.Length >= HeadHashBytes && XxHash64.HashToUInt64(bytes.AsSpan(HeadHashBytes)) == BinaryPrimitives.ReadUInt64LittleEndian(bytes))
                return (version, bytes[HeadHashBytes..]);
        }

        return versions.Count == 0
            ? (-1, [])
            : throw new InvalidDataException($"All heads in '{folder}' are damaged. Restore the folder from a copy.");
    }

    string FolderOf(string federation) => Path.Combine(root, StorageName.Check(federation));

    static string HeadPath(string folder, int version) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"head-{version}"));

    static string EventsPath(string folder, int version) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events-{version}.log"));
}
