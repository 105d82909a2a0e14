using Microsoft.Extensions.Logging;
using Plume.Compression.Files;
using Plume.Compression.Wire;

namespace Plume.Client.State;

/// <summary>
/// What must survive a kill, in files that are each replaced whole: whose state it is, the model, the update that is on its
/// way, and what is settled. An update counts for the client when the file of the one on its way becomes the file of the one
/// settled: one renaming, which a repetition does not change.
/// </summary>
sealed partial class ClientFolder : IDisposable
{
    readonly string folder;
    readonly ILogger logger;
    readonly FolderLock guard;
    Place? place;

    /// <summary>Takes the folder for this client alone.</summary>
    /// <exception cref="FederationException">Another program has it, it is another client's, or it cannot be used.</exception>
    public ClientFolder(ClientOptions options)
    {
        (folder, logger) = (options.Folder, options.Logger);
        (string? note, guard) = Take(folder);
        if (note is not null)
        {
            LogNote(logger, note);
            options.Progress?.Report(new ClientProgress(ClientStage.Noted, 0, 0, 0, note));
        }

        try
        {
            foreach (string left in Directory.EnumerateFiles(folder, "*.bin.*.tmp"))
                File.Delete(left);
            place = Load(PlacePath, static bytes =>
            {
                KeptFile.Open(bytes, KeptKind.Place, out var found).End("place");
                return found;
            });
            if (place is not null && (place.Federation != options.Federation || place.Name != options.Name))
            {
                throw new FederationException(
                    $"The folder '{folder}' is of the client '{place.Name}' in the federation '{place.Federation}', so "
                        + $"'{options.Name}' cannot join '{options.Federation}' with it. Give every client a folder of its own.");
            }
        }
        catch
        {
            guard.Dispose();
            throw;
        }
    }

    /// <summary>Where a download that broke off goes on from.</summary>
    public string DownloadPath => PathOf("download");

    string PlacePath => PathOf("place");

    string ModelPath => PathOf("model");

    string PendingPath => PathOf("pending");

    string SettledPath => PathOf("settled");

    string GraphPath => PathOf("graph");

    string UnmaskedPath => PathOf("unmasked");

    /// <summary>The place at hand.</summary>
    public Place Place => place ?? throw new InvalidOperationException("The client has no place yet.");

    /// <summary>Takes the place that the server gave. What was kept in another one is void.</summary>
    /// <returns>Whether something was void.</returns>
    public bool Enter(Place entered)
    {
        if (entered.Equals(place))
            return false;
        bool isVoid = place is not null;
        if (isVoid)
        {
            foreach (string path in (string[])[ModelPath, PendingPath, SettledPath, GraphPath, DownloadPath,
                UnmaskedPath])
                File.Delete(path);
        }

        AtomicFile.Write(PlacePath, KeptFile.Seal(KeptFile.Begin(KeptKind.Place, entered)).Span, AtomicFile.OwnerOnly);
        place = entered;
        return isVoid;
    }

    /// <summary>The model of that many values; null where there is none.</summary>
    public KeptModel? ReadModel(int length) => LoadOwn(ModelPath, KeptModel.Read, model => model.Values.Length == length);

    /// <summary>Keeps the model. If it got lost, it would be downloaded again: nothing waits for the disk.</summary>
    public void WriteModel(KeptModel model) => WriteUnflushed(ModelPath, model.ToBytes(Place).Span);

    /// <summary>The update that is on its way; null where there is none.</summary>
    /// <exception cref="FederationException">It leaves a memory of other length: another learner made it.</exception>
    public KeptUpdate? ReadPending(int memory) => LoadUpdate(PendingPath, memory);

    /// <summary>Keeps an update before any of it is sent.</summary>
    public void WritePending(KeptUpdate update) =>
        AtomicFile.Write(PendingPath, update.ToBytes(Place).Span, AtomicFile.OwnerOnly);

    /// <summary>What is settled; all zeros where nothing is.</summary>
    /// <exception cref="FederationException">The memory is of other length: another learner left it.</exception>
    public Settlement ReadSettled(int memory) => LoadUpdate(SettledPath, memory) is { } update
        ? new Settlement(update.Round, update.Attempt, update.Memory)
        : new Settlement(0, 0, new float[memory]);

    /// <summary>The update on its way counts: its memory is the client's.</summary>
    public void Commit(KeptUpdate update)
    {
        if (File.Exists(PendingPath))
            File.Move(PendingPath, SettledPath, overwrite: true);
        else
            AtomicFile.Write(SettledPath, update.ToBytes(Place).Span, AtomicFile.OwnerOnly);
    }

    /// <summary>A task is settled without an update that counts; the memory is what it was.</summary>
    public void Settle(Settlement settled)
    {
        AtomicFile.Write(SettledPath, new KeptUpdate(settled.Round, settled.Attempt, 0, 0, 0, [], settled.Memory)
            .ToBytes(Place).Span, AtomicFile.OwnerOnly);
        File.Delete(PendingPath);
    }

    /// <summary>Keeps, durably, that the client unmasks a sum of a round: one in each, and none of a round before it.</summary>
    /// <param name="round">The round.</param>
    /// <param name="set">Says which sum: a hash of the session and of who is in it.</param>
    /// <returns>Whether it may; it may again where it is the same sum.</returns>
    public bool Unmask(int round, byte[] set)
    {
        var before = LoadOwn(UnmaskedPath, KeptUnmasking.Read, _ => true);
        if (before is not null && before.Round >= round)
            return before.Round == round && before.Set.AsSpan().SequenceEqual(set);
        AtomicFile.Write(UnmaskedPath, new KeptUnmasking(round, set).ToBytes(Place).Span, AtomicFile.OwnerOnly);
        return true;
    }

    /// <summary>The federation's graph; null where it was not downloaded yet.</summary>
    public byte[]? ReadGraph() => LoadOwn(
        GraphPath,
        (ReadOnlySpan<byte> bytes, out Place owner) =>
        {
            var input = KeptFile.Open(bytes, KeptKind.Graph, out owner);
            return input.Rest.ToArray();
        },
        graph => graph.Length > 0);

    /// <summary>Keeps the federation's graph.</summary>
    public void WriteGraph(ReadOnlySpan<byte> graph)
    {
        var output = KeptFile.Begin(KeptKind.Graph, Place);
        output.Bytes(graph);
        WriteUnflushed(GraphPath, KeptFile.Seal(output).Span);
    }

    public void Dispose() => guard.Dispose();

    string PathOf(string name) => Path.Combine(folder, $"{name}.bin");

    static (string? Note, FolderLock Guard) Take(string folder)
    {
        try
        {
            string? note = PrivateFiles.Tighten(folder);
            PrivateFiles.MakeFolder(folder);
            return (note, new FolderLock(folder, "lock",
                $"The folder '{folder}' belongs to one client at a time, but another program has it. Stop that one, or give "
                    + $"this client a folder of its own."));
        }
        catch (Exception problem) when (problem is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new FederationException(problem.Message, problem);
        }
    }

    // What a model that stays here has learned is not thrown away because it was named otherwise once.
    KeptUpdate? LoadUpdate(string path, int memory)
    {
        var update = LoadOwn(path, KeptUpdate.Read, _ => true);
        return update is null || update.Memory.Length == memory
            ? update
            : throw new FederationException(
                $"'{path}' has {update.Memory.Length} values that this client remembers, but with the learner at hand it "
                    + $"remembers {memory}. Bring the learner that it had, with the same local model; or delete the file, and "
                    + $"the client begins anew.");
    }

    T? LoadOwn<T>(string path, Reading<T> read, Predicate<T> fits) where T : class
    {
        var found = Load(path, bytes => new Owned<T>(read(bytes, out var owner), owner));
        if (found is null || (found.Owner.Equals(place) && fits(found.Content)))
            return found?.Content;
        LogVoid(logger, path);
        File.Delete(path);
        return null;
    }

    T? Load<T>(string path, Parsing<T> parse) where T : class
    {
        try
        {
            return PrivateFiles.Exists(path) ? parse(PrivateFiles.Read(path)) : null;
        }
        catch (InvalidDataException noFile)
        {
            throw new FederationException(noFile.Message, noFile);
        }
        catch (InvalidPayloadException damage)
        {
            LogDamaged(logger, path, damage.Message);
            File.Delete(path);
            return null;
        }
    }

    static void WriteUnflushed(string path, ReadOnlySpan<byte> bytes)
    {
        string beside = $"{path}.{Environment.ProcessId}.tmp";
        using (var file = PrivateFiles.Open(beside, FileMode.Create, FileAccess.Write, FileShare.None))
            file.Write(bytes);
        File.Move(beside, path, overwrite: true);
    }

    delegate T Parsing<T>(ReadOnlySpan<byte> bytes);

    delegate T Reading<T>(ReadOnlySpan<byte> bytes, out Place owner);

    sealed record Owned<T>(T Content, Place Owner);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} is not usable and is begun anew. {Problem}")]
    static partial void LogDamaged(ILogger logger, string path, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Note}")]
    static partial void LogNote(ILogger logger, string note);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} is of another run or place and is begun anew")]
    static partial void LogVoid(ILogger logger, string path);
}
