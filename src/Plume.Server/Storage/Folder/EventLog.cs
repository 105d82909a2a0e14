using Plume.Compression.Files;

namespace Plume.Server.Storage.Folder;

/// <summary>
/// A file to which groups of events are added, each group in a frame with hashes (<see cref="EventFrame"/>): an append that a
/// crash cut short is seen and dropped whole, damage anywhere else is reported.
/// </summary>
sealed class EventLog : IDisposable
{
    readonly FileStream file;
    readonly int series;
    readonly LastFrame? last;

    // Where each frame ends, and how many events there are up to there.
    readonly List<(long End, int Events)> frames = [];

    EventLog(FileStream file, int series, LastFrame? last) => (this.file, this.series, this.last) = (file, series, last);

    /// <summary>Events in the file.</summary>
    public int Count => frames.Count == 0 ? 0 : frames[^1].Events;

    /// <summary>Opens a log, or makes an empty one, and reads what it holds.</summary>
    /// <param name="path">The file.</param>
    /// <param name="series">Tells this log's frames from those of others.</param>
    /// <param name="isKept">Whether its last frame is kept in a second file too, so that a log that was cut is seen, and made
    /// whole where no more is missing.</param>
    /// <param name="events">What it holds.</param>
    /// <exception cref="InvalidDataException">The file is damaged before its end, or was cut.</exception>
    public static EventLog Open(string path, int series, bool isKept, out IReadOnlyList<byte[]> events)
    {
        bool isNew = !PrivateFiles.Exists(path);
        var file = PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        var log = new EventLog(file, series, isKept ? OpenLast(path, file) : null);
        try
        {
            var read = new List<byte[]>();
            log.Scan(read);
            log.MakeWhole(read);
            if (isNew)
                DurableFolder.Flush(Path.GetDirectoryName(path)!);
            events = read;
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>What a log holds; nothing where there is none.</summary>
    /// <exception cref="InvalidDataException">The file is damaged before its end.</exception>
    public static IReadOnlyList<byte[]> Read(string path, int series)
    {
        var events = new List<byte[]>();
        if (!PrivateFiles.Exists(path))
            return events;
        using var log = new EventLog(PrivateFiles.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite), series,
            last: null);
        log.Scan(events);
        return events;
    }

    /// <summary>Deletes a log.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        File.Delete(LastPath(path));
    }

    /// <summary>Adds a group; it is on the disk when this returns.</summary>
    /// <exception cref="UnknownOutcomeException">The disk refused, and refused to undo it.</exception>
    /// <exception cref="IOException">The disk refused; the file is as it was.</exception>
    public void Append(IReadOnlyList<byte[]> events)
    {
        long before = End;
        byte[] frame = EventFrame.Write(events, EventFrame.PlaceOf(series, before));
        try
        {
            // What a crash cut short is dropped now, not before it is known that the rest can be gone on with.
            if (file.Length > before)
                file.SetLength(before);
            file.Position = before;
            file.Write(frame);
            file.Flush(flushToDisk: true);
        }
        catch (IOException problem)
        {
            Undo(before, problem);
            throw;
        }

        frames.Add((before + frame.Length, Count + events.Count));
        KeepLast(frame);
    }

    /// <summary>One event, read from the file.</summary>
    /// <returns>Null where there are not so many.</returns>
    public byte[]? Read(int index)
    {
        int place = frames.FindIndex(frame => index < frame.Events);
        if (place < 0)
            return null;
        var (start, before) = place == 0 ? (0, 0) : frames[place - 1];
        var bytes = new byte[frames[place].End - start];
        var events = new List<byte[]>();
        return RandomAccess.Read(file.SafeFileHandle, bytes, start) == bytes.Length
            && EventFrame.TryRead(bytes, bytes.AsSpan(EventFrame.HeaderBytes), EventFrame.PlaceOf(series, start), events)
            ? events[index - before]
            : throw Damaged(start);
    }

    /// <summary>Drops the groups that are wholly or in part beyond so many events.</summary>
    public void Cut(int count)
    {
        if (Count <= count)
            return;
        while (Count > count)
            frames.RemoveAt(frames.Count - 1);
        file.SetLength(End);
        file.Flush(flushToDisk: true);
    }

    public void Dispose()
    {
        file.Dispose();
        last?.Dispose();
    }

    // Of the last frame that is whole.
    long End => frames.Count == 0 ? 0 : frames[^1].End;

    static string LastPath(string path) => $"{path}.last";

    static LastFrame OpenLast(string path, FileStream file)
    {
        try
        {
            return new LastFrame(LastPath(path));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // What is acknowledged is in the log; the copy is worth having, and no reason to refuse what was written.
    void KeepLast(byte[] frame)
    {
        try
        {
            last?.Write(Count, frame);
        }
        catch (IOException)
        {
        }
    }

    void MakeWhole(List<byte[]> events)
    {
        if (last?.Read() is not { } kept || kept.Events <= Count)
            return;
        var missing = new List<byte[]>();
        if (kept.Frame.Length < EventFrame.HeaderBytes
            || !EventFrame.TryRead(kept.Frame, kept.Frame.AsSpan(EventFrame.HeaderBytes), EventFrame.PlaceOf(series, End),
                missing) || Count + missing.Count != kept.Events)
            throw new InvalidDataException(
                $"The log '{file.Name}' was cut: it has {Count} events, but had {kept.Events}, so what was acknowledged cannot "
                    + $"be read. Restore the folder from a copy.");
        Append(missing);
        events.AddRange(missing);
    }

    void Undo(long before, IOException problem)
    {
        try
        {
            file.SetLength(before);
        }
        catch (IOException)
        {
            throw new UnknownOutcomeException($"Whether events were added to '{file.Name}' is not known: {problem.Message}",
                problem);
        }
    }

    // Reads frames up to the end or to one that a crash cut short.
    void Scan(List<byte[]> events)
    {
        var header = new byte[EventFrame.HeaderBytes];
        long place = 0;
        while (file.Length - place >= header.Length)
        {
            file.Position = place;
            file.ReadExactly(header);
            if (EventFrame.BodyLength(header) is not { } length)
            {
                if (!IsZero(place))
                    throw Damaged(place);
                return;
            }

            long end = place + header.Length + length;
            if (end > file.Length)
                return;
            var body = new byte[length];
            file.ReadExactly(body);
            if (!EventFrame.TryRead(header, body, EventFrame.PlaceOf(series, place), events))
            {
                if (end < file.Length)
                    throw Damaged(place);
                return;
            }

            frames.Add((end, events.Count));
            place = end;
        }
    }

    // A file that grew before its bytes came is zeros at its end.
    bool IsZero(long place)
    {
        file.Position = place;
        var buffer = new byte[4096];
        for (int read = file.Read(buffer); read > 0; read = file.Read(buffer))
        {
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
                return false;
        }

        return true;
    }

    InvalidDataException Damaged(long place) =>
        new($"The log '{file.Name}' is damaged at byte {place}, before its end, so what was acknowledged cannot be read. "
            + $"Restore the folder from a copy.");
}
