using System.Buffers.Binary;
using System.IO.Hashing;

namespace Plume.Server.Storage.Folder;

/// <summary>
/// A group of events as bytes: 4 bytes length of the body, 4 bytes XXH32 of those, 8 bytes XXH64 of the body, the body: 4 bytes
/// number of events, then each with its length before it. The hash of the body also covers where the frame stands, so that one
/// that was copied elsewhere is seen; frames of earlier releases have 0 for that.
/// </summary>
static class EventFrame
{
    public const int HeaderBytes = 16;

    const int SeriesBits = 40;

    /// <summary>What a frame says of its place.</summary>
    /// <param name="series">Which file it is in.</param>
    /// <param name="offset">Where in it.</param>
    public static long PlaceOf(int series, long offset) => ((long)(series + 2) << SeriesBits) ^ offset ^ long.MinValue;

    public static byte[] Write(IReadOnlyList<byte[]> events, long place)
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
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(8), XxHash64.HashToUInt64(body, place));
        return frame;
    }

    /// <summary>The length of the body that follows a header; null where the header is none.</summary>
    public static int? BodyLength(ReadOnlySpan<byte> header)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(header);
        return length >= 4 && XxHash32.HashToUInt32(header[..4]) == BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) ? length
            : null;
    }

    /// <summary>
    /// Adds the events of a body; false where it is not the one that the header is of, or not that of this place.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body, long place, List<byte[]> events)
    {
        ulong hash = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        if (XxHash64.HashToUInt64(body, place) != hash && XxHash64.HashToUInt64(body) != hash)
            return false;
        int count = BinaryPrimitives.ReadInt32LittleEndian(body), offset = 4;
        for (; count > 0; count--)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(body[offset..]);
            events.Add(body.Slice(offset + 4, length).ToArray());
            offset += 4 + length;
        }

        return true;
    }
}
