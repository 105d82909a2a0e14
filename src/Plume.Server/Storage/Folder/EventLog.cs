using System.Buffers.Binary;
using System.IO.Hashing;

namespace Plume.Server.Storage.Folder;

/// <summary>
/// A file to which groups of events are added, each group in a frame with hashes: an append that a crash cut short is seen
/// and dropped whole, damage anywhere else is reported.
/// </summary>
/// <remarks>A frame: 4 bytes length of the body, 4 bytes XXH32 of those, 8 bytes XXH64 of the body, the body: 4 bytes number of events, then each with its length before it.</remarks>
sealed class EventLog : IDisposable
{
    const int HeaderBytes = 16;

    readonly FileStream file;

    EventLog(FileStream file, List<byte[]> events) => (this.file, Count) = (file, events.Count);

    /// <summary>Events in the file.</summary>
    public int Count { get; private set; }

    /// <summary>Opens a log, or makes an empty one, and reads what it holds.</summary>
    /// <exception cref="InvalidDataException">The file is damaged before its end.</exception>
    public static EventLog Open(string path, out IReadOnlyList<byte[]> events)
    {
        bool isNew = !File.Exists(path);
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1);
        try
        {
            var read = new List<byte[]>();
            file.SetLength(Scan(file, path, read));
            file.Position = file.Length;
            if (isNew)
                DurableFolder.Flush(Path.GetDirectoryName(path)!);
            events = read;
            return new EventLog(file, read);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What a log holds; nothing where there is none.</summary>
    /// <exception cref="InvalidDataException">The file is damaged before its end.</exception>
    public static IReadOnlyList<byte[]> Read(string path)
    {
        var events = new List<byte[]>();
        if (!File.Exists(path))
            return events;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Scan(file, path, events);
        return events;
    }

    /// <summary>Adds a group; it is on the disk when this returns.</summary>
    /// <exception cref="UnknownOutcomeException">The disk refused, and refused to undo it.</exception>
    /// <exception cref="IOException">The disk refused; the file is as it was.</exception>
    public void Append(IReadOnlyList<byte[]> events)
    {
        byte[] frame = Frame(events);
        long before = file.Position;
        try
        {
            file.Write(frame);
            file.Flush(flushToDisk: true);
        }
        catch (IOException problem)
        {
            Undo(before, problem);
            throw;
        }

        Count += events.Count;
    }

    void Undo(long before, IOException problem)
    {
        try
        {
            file.SetLength(before);
            file.Position = before;
        }
        catch (IOException)
        {
            throw new UnknownOutcomeException($"Whether events were added to '{file.Name}' is not known: {problem.Message}", problem);
        }
    }

    static byte[] Frame(IReadOnlyList<byte[]> events)
    {
        var frame = new byte[HeaderBytes + 4 + events.Sum(item => 4 + item.Length)];
        var body = frame.AsSpan(HeaderBytes);
        BinaryPrimitives.WriteInt32LittleEndian(body, events.Count);
        int offset = 4;
        foreach (byte[] item in events)
        {
            BinaryPrimitives.WriteInt32LittleEndian(body[offset..], item.Length);
            item.CopyTo(body[(offset + 4)..]);
            offset += 4 + item.Length;
        }

        BinaryPrimitives.WriteInt32LittleEndian(frame, body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), XxHash32.HashToUInt32(frame.AsSpan(0, 4)));
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(8), XxHash64.HashToUInt64(body));
        return frame;
    }

    // Reads frames up to the end or to one that a crash cut short; returns where that is.
    static long Scan(FileStream file, string path, List<byte[]> events)
    {
        var header = new byte[HeaderBytes];
        long place = 0;
        while (file.Length - place >= HeaderBytes)
        {
            file.Position = place;
            file.ReadExactly(header);
            int length = BinaryPrimitives.ReadInt32LittleEndian(header);
            if (length < 4 || XxHash32.HashToUInt32(header.AsSpan(0, 4)) != BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)))
                return IsZero(file, place) ? place : throw Damaged(path, place);
            long end = place + HeaderBytes + length;
            if (end > file.Length)
                return place;
            var body = new byte[length];
            file.ReadExactly(body);
            if (XxHash64.HashToUInt64(body) != BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8)))
                return end == file.Length ? place : throw Damaged(path, place);
            Unpack(body, events);
            place = end;
        }

        return place;
    }

    static void Unpack(ReadOnlySpan<byte> body, List<byte[]> events)
    {
        int count = BinaryPrimitives.ReadInt32LittleEndian(body), offset = 4;
        for (; count > 0; count--)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(body[offset..]);
            events.Add(body.Slice(offset + 4, length).ToArray());
            offset += 4 + length;
        }
    }

    // A file that grew before its bytes came is zeros at its end.
    static bool IsZero(FileStream file, long place)
    {
        file.Position = place;
        for (int value = file.ReadByte(); value >= 0; value = file.ReadByte())
        {
            if (value != 0)
                return false;
        }

        return true;
    }

    static InvalidDataException Damaged(string path, long place) =>
        new($"The log '{path}' is damaged at byte {place}, before its end, so what was acknowledged cannot be read. Restore the folder from a copy.");

    public void Dispose() => file.Dispose();
}
