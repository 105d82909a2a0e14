using System.Globalization;
using System.Text;
using Plume.Compression.Files;

namespace Plume.Server.Storage.Folder;

/// <summary>
/// Ledgers as files of a folder that one server uses: for each federation a file of the epoch, the last two heads, the logs of
/// the events since them, and one log of the records of all versions, which only grows.
/// </summary>
public sealed class FolderLedger : ILedger, IDisposable
{
    // Tells the log of records from the logs of events, which go by their versions.
    internal const int RecordSeries = int.MaxValue - 2;

    readonly string root;
    readonly FolderLock owner;
    readonly Dictionary<string, Open> open = [];
    readonly Lock gate = new();

    sealed record Open(long Epoch, int Version, EventLog Events, EventLog Records);

    /// <summary>Ledgers in a folder, which is made if there is none, and is this process's until disposal.</summary>
    /// <exception cref="IOException">Another server uses the folder, or it cannot be written to.</exception>
    public FolderLedger(string root)
    {
        this.root = Path.GetFullPath(root);
        PrivateFiles.MakeFolder(this.root);
        owner = new FolderLock(this.root, "owner.lock",
            $"Another server uses the folder '{this.root}'. Stop it, or give this one a folder of its own.");
    }

    /// <inheritdoc/>
    public Task<LedgerContent> TakeOverAsync(string federation, CancellationToken cancellation)
    {
        string folder = FolderOf(federation);
        PrivateFiles.MakeFolder(folder);
        lock (gate)
        {
            long last = open.TryGetValue(federation, out var before) ? before.Epoch : 0;
            Close(federation);
            var records = EventLog.Open(RecordsPath(folder), RecordSeries, isKept: false, out var kept);
            EventLog? log = null;
            try
            {
                var (version, head) = FolderHeads.Newest(folder, kept.Count);
                if (version >= 0 && !PrivateFiles.Exists(EventsPath(folder, version)))
                    throw new InvalidDataException(
                        $"The log '{EventsPath(folder, version)}' is gone, so what was acknowledged cannot be read. Restore "
                            + $"the folder from a copy.");
                log = EventLog.Open(EventsPath(folder, version), version, isKept: true, out var events);
                records.Cut(version + 1);
                long epoch = NextEpoch(folder, last);
                open[federation] = new Open(epoch, version, log, records);
                Prune(folder, version);
                return Task.FromResult(new LedgerContent(epoch, version, head, events, [.. kept.Take(records.Count)]));
            }
            catch
            {
                log?.Dispose();
                records.Dispose();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public Task AppendAsync(string federation, long epoch, int position, IReadOnlyList<byte[]> events,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentOutOfRangeException.ThrowIfZero(events.Count, nameof(events));
        lock (gate)
        {
            var owned = Owned(federation, epoch);
            if (owned.Events.Count == position)
                OrDisown(federation, owned, () => owned.Events.Append(events));
            else if (!Holds(EventLog.Read(EventsPath(FolderOf(federation), owned.Version), owned.Version), position, events))
                throw new FencedException(
                    $"The ledger of '{federation}' has {owned.Events.Count} events since version {owned.Version}, but the "
                        + $"append expects {position}.");
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CommitAsync(string federation, long epoch, int version, byte[] head, IReadOnlyList<byte[]> records,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(records);
        string folder = FolderOf(federation);
        lock (gate)
        {
            var owned = Owned(federation, epoch);
            if (version == owned.Version && FolderHeads.Is(folder, version, head))
                return Task.CompletedTask;
            if (version != owned.Version + 1)
                throw new FencedException(
                    $"The head of '{federation}' is version {owned.Version}; version {version} is not the next.");
            // What a try that failed left is dropped.
            owned.Records.Cut(version);
            if (owned.Records.Count + records.Count != version + 1)
                throw new ArgumentException(
                    $"Version {version} of '{federation}' needs the records of versions {owned.Records.Count} to {version}, "
                        + $"but {records.Count} are given.", nameof(records));
            // The log of what comes next is open before the head is replaced, after which nothing may fail.
            var next = EventLog.Open(EventsPath(folder, version), version, isKept: true, out _);
            try
            {
                OrDisown(federation, owned, () =>
                {
                    owned.Records.Append(records);
                    FolderHeads.Replace(folder, version, head);
                });
            }
            catch
            {
                next.Dispose();
                throw;
            }

            owned.Events.Dispose();
            open[federation] = owned with { Version = version, Events = next };
            Prune(folder, version);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<byte[]>> HistoryAsync(string federation, int version, CancellationToken cancellation)
    {
        string path = EventsPath(FolderOf(federation), version);
        lock (gate)
            return Task.FromResult(EventLog.Read(path, version));
    }

    /// <inheritdoc/>
    public Task<byte[]?> RecordAsync(string federation, int version, CancellationToken cancellation)
    {
        string path = RecordsPath(FolderOf(federation));
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        lock (gate)
            return Task.FromResult(open.TryGetValue(federation, out var owned) ? owned.Records.Read(version)
                : EventLog.Read(path, RecordSeries).ElementAtOrDefault(version));
    }

    /// <summary>Lets another process have the folder.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (string federation in open.Keys.ToList())
                Close(federation);
        }

        owner.Dispose();
    }

    void Close(string federation)
    {
        if (!open.Remove(federation, out var ledger))
            return;
        ledger.Events.Dispose();
        ledger.Records.Dispose();
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

    // What led to the head before the last is of no use to anybody; records tell what came of it. Of a ledger of an earlier
    // release only where all versions have one.
    static void Prune(string folder, int version)
    {
        try
        {
            foreach (string path in Directory.EnumerateFiles(folder, "events-*.log"))
            {
                bool isNumber = int.TryParse(Path.GetFileNameWithoutExtension(path).AsSpan("events-".Length),
                    NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int of);
                if (isNumber && of < version - 1 && new FileInfo(RecordsPath(folder)).Length > 0)
                    EventLog.Delete(path);
            }
        }
        catch (IOException)
        {
            // The next commit finds them again.
        }
    }

    static bool Holds(IReadOnlyList<byte[]> there, int position, IReadOnlyList<byte[]> events) =>
        position >= 0 && there.Count - position >= events.Count
            && events.Index().All(item => there[position + item.Index].AsSpan().SequenceEqual(item.Item));

    Open Owned(string federation, long epoch) => open.TryGetValue(federation, out var owned) && owned.Epoch == epoch
        ? owned
        : throw new FencedException($"The federation '{federation}' has a newer owner than epoch {epoch}.");

    // Owners that could meet are all in this process, so a file that is damaged does no harm.
    static long NextEpoch(string folder, long last)
    {
        string path = Path.Combine(folder, "epoch");
        string text = PrivateFiles.Exists(path) ? Encoding.ASCII.GetString(PrivateFiles.Read(path)) : "";
        bool isRead = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long written)
            && written < int.MaxValue;
        long epoch = 1 + (isRead ? Math.Max(written, last) : last);
        DurableFolder.Replace(path, Encoding.ASCII.GetBytes(epoch.ToString(CultureInfo.InvariantCulture)));
        return epoch;
    }

    string FolderOf(string federation) => Path.Combine(root, StorageName.Check(federation));

    static string RecordsPath(string folder) => Path.Combine(folder, "records.log");

    static string EventsPath(string folder, int version) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events-{version}.log"));
}
