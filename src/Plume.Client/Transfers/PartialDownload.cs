using System.Security.Cryptography;
using Google.Protobuf;
using Plume.Client.State;
using Plume.Compression.Files;
using Plume.Compression.Wire;
using Plume.Protocol.V1;

namespace Plume.Client.Transfers;

/// <summary>
/// A download as far as it has come: in memory, and where it is long also in a file, so that it goes on after a restart.
/// </summary>
sealed class PartialDownload : IDisposable
{
    /// <summary>A download shorter than this is begun anew after a restart.</summary>
    const int ShortestKept = 256 << 10;

    readonly byte[] bytes;
    FileStream? file;

    /// <summary>Begins a download.</summary>
    /// <param name="what">What was asked for.</param>
    /// <param name="header">What the server will send.</param>
    /// <param name="limit">Most bytes that it may have.</param>
    /// <exception cref="InvalidPayloadException">The header breaks a rule; nothing was taken for it.</exception>
    public PartialDownload(DownloadTarget what, DownloadHeader header, long limit)
    {
        (What, Header) = (what, header);
        bytes = new byte[Check(header, limit)];
    }

    public DownloadTarget What { get; }

    public DownloadHeader Header { get; }

    /// <summary>Bytes that are here.</summary>
    public int Length { get; private set; }

    public bool IsComplete => Length == bytes.Length;

    /// <summary>Keeps what comes from now on in a file too, if the download is long.</summary>
    public void Keep(string path, Place place)
    {
        if (bytes.Length < ShortestKept)
            return;
        var output = KeptFile.Begin(KeptKind.Download, place);
        output.Varint(What.From is { } from ? from + 1 : 0);
        output.Varint(What.To);
        output.UInt8(What.IsGraph ? (byte)1 : (byte)0);
        output.Bytes(Header.ToByteArray());
        var head = KeptFile.Seal(output);
        file = PrivateFiles.Open(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        file.Write(BitConverter.GetBytes(head.Length));
        file.Write(head.Span);
        file.Write(bytes.AsSpan(0, Length));
    }

    /// <summary>Takes a download up again that an earlier program began; null where there is none.</summary>
    public static PartialDownload? Load(string path, Place place, long limit)
    {
        if (!IsThere(path))
            return null;
        var file = PrivateFiles.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            return Read(file, place, limit);
        }
        catch (Exception damage) when (damage is InvalidPayloadException or InvalidProtocolBufferException
            or EndOfStreamException)
        {
            // The server sends it again from the start.
            file.Dispose();
            File.Delete(path);
            return null;
        }
    }

    /// <exception cref="FederationException">What is there is no file.</exception>
    static bool IsThere(string path)
    {
        try
        {
            return PrivateFiles.Exists(path);
        }
        catch (InvalidDataException noFile)
        {
            throw new FederationException(noFile.Message, noFile);
        }
    }

    /// <summary>Takes bytes that came.</summary>
    /// <exception cref="InvalidPayloadException">They are more than were announced.</exception>
    public void Append(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length > bytes.Length - Length)
            throw new InvalidPayloadException($"The server announced a download of {bytes.Length} bytes, but sent more.");
        chunk.CopyTo(bytes.AsSpan(Length));
        file?.Write(chunk);
        Length += chunk.Length;
    }

    /// <summary>All bytes.</summary>
    /// <exception cref="InvalidPayloadException">They are not the ones that the header has the hash of.</exception>
    public ReadOnlyMemory<byte> Verified() => IsComplete && SHA256.HashData(bytes).AsSpan().SequenceEqual(Header.Sha256.Span)
        ? bytes
        : throw new InvalidPayloadException(
            "The downloaded bytes do not have the hash that the server announced; they are taken again from the start.");

    /// <summary>Leaves the file for a later program.</summary>
    public void Dispose() => file?.Dispose();

    /// <summary>Forgets the file.</summary>
    public void Drop()
    {
        if (file is null)
            return;
        file.Dispose();
        File.Delete(file.Name);
        file = null;
    }

    static PartialDownload Read(FileStream file, Place place, long limit)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        file.ReadExactly(number);
        int length = BitConverter.ToInt32(number);
        if (length < 0 || length > file.Length - sizeof(int))
            throw InvalidPayloadException.Ends("head", sizeof(int), length, file.Length);
        var head = new byte[length];
        file.ReadExactly(head);
        var input = KeptFile.Open(head, KeptKind.Download, out var owner);
        if (!owner.Equals(place))
            throw new InvalidPayloadException("The download is of another run.");
        int from = input.Varint("from", 0, int.MaxValue) - 1, to = input.Varint("to", 0, int.MaxValue);
        var what = new DownloadTarget(from < 0 ? null : from, to, input.UInt8("graph") != 0);
        var partial = new PartialDownload(what, DownloadHeader.Parser.ParseFrom(input.Rest), limit);
        partial.Length = (int)Math.Min(file.Length - file.Position, partial.bytes.Length);
        file.ReadExactly(partial.bytes.AsSpan(0, partial.Length));
        file.SetLength(file.Position);
        partial.file = file;
        return partial;
    }

    static int Check(DownloadHeader header, long limit)
    {
        const int hashBytes = 32;
        ulong total = 0;
        foreach (var segment in header.Segments)
        {
            if (segment.Length > (ulong)limit - total)
                throw new InvalidPayloadException(
                    $"A download of this model has at most {limit} bytes, but the server announces more.");
            total += segment.Length;
        }

        return header.Sha256.Length == hashBytes
            ? (int)total
            : throw new InvalidPayloadException(
                $"A download's SHA-256 must have {hashBytes} bytes, but has {header.Sha256.Length}.");
    }
}

/// <summary>What a download is to bring.</summary>
/// <param name="From">The version at hand; null for none.</param>
/// <param name="To">The version wanted.</param>
/// <param name="IsGraph">Whether it is the graph instead.</param>
readonly record struct DownloadTarget(int? From, int To, bool IsGraph)
{
    public static DownloadTarget Graph { get; } = new(null, 0, true);
}
