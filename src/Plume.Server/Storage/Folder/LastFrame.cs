using System.Buffers.Binary;
using System.IO.Hashing;
using Plume.Compression.Files;

namespace Plume.Server.Storage.Folder;

/// <summary>
/// A copy of the last frame of a log in a file of its own, with the number of events that the log then has. It is written when
/// the frame is on the disk already and is not waited for, so it is never ahead of the log: a log that has fewer events was cut.
/// </summary>
sealed class LastFrame(string path) : IDisposable
{
    const int HashBytes = 8, FixedBytes = 2 * sizeof(int);

    readonly FileStream file = PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);

    /// <summary>What was written last; null where nothing was, or it is damaged.</summary>
    public (int Events, byte[] Frame)? Read()
    {
        var bytes = new byte[file.Length];
        int length = RandomAccess.Read(file.SafeFileHandle, bytes, 0);
        if (length < FixedBytes + HashBytes || length < bytes.Length)
            return null;
        int frame = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(sizeof(int)));
        if (frame < 0 || frame > length - FixedBytes - HashBytes)
            return null;
        var whole = bytes.AsSpan(0, FixedBytes + frame);
        return XxHash64.HashToUInt64(whole) == BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(whole.Length))
            ? (BinaryPrimitives.ReadInt32LittleEndian(bytes), whole[FixedBytes..].ToArray())
            : null;
    }

    /// <summary>Replaces what was written.</summary>
    public void Write(int events, ReadOnlySpan<byte> frame)
    {
        var bytes = new byte[FixedBytes + frame.Length + HashBytes];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, events);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(sizeof(int)), frame.Length);
        frame.CopyTo(bytes.AsSpan(FixedBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FixedBytes + frame.Length),
            XxHash64.HashToUInt64(bytes.AsSpan(0, FixedBytes + frame.Length)));
        RandomAccess.Write(file.SafeFileHandle, bytes, 0);
    }

    public void Dispose() => file.Dispose();
}
