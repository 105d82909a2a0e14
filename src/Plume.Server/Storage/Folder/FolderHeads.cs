using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text.RegularExpressions;
using Plume.Compression.Files;

namespace Plume.Server.Storage.Folder;

/// <summary>The last two heads of one federation, each a file: eight bytes of hash, then the head.</summary>
static partial class FolderHeads
{
    const int HashBytes = 8;

    /// <summary>
    /// The newest head that is whole. One that is damaged is passed over: the one before it and the events since lead to the same
    /// model.
    /// </summary>
    /// <param name="folder">The federation's.</param>
    /// <param name="records">How many versions have a record: a head whose record is not there is passed over, too.</param>
    /// <returns>Version -1 where nothing was ever committed.</returns>
    /// <exception cref="InvalidDataException">There are heads, or were, and none is whole.</exception>
    public static (int Version, byte[] Head) Newest(string folder, int records)
    {
        var versions = Directory.EnumerateFileSystemEntries(folder, "head-*")
            .Select(path => HeadName().Match(Path.GetFileName(path))).Where(match => match.Success)
            .Select(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).OrderDescending().ToList();
        bool isCut = false;
        foreach (int version in versions)
        {
            byte[] bytes = PrivateFiles.Read(PathOf(folder, version));
            if (!IsWhole(bytes))
                continue;
            if (records == 0 || version < records)
                return (version, bytes[HashBytes..]);
            isCut = true;
        }

        if (isCut)
            throw new InvalidDataException(
                $"The records in '{folder}' were cut: there are {records}, but versions "
                    + $"{string.Join(" and ", versions.Order())} have a head. Restore the folder from a copy.");
        if (versions.Count > 0)
            throw new InvalidDataException($"All heads in '{folder}' are damaged. Restore the folder from a copy.");
        // A federation that was killed while it was begun has the log of what would have followed, which is empty.
        return records > 1 || Directory.EnumerateFiles(folder, "events-*.log")
            .Any(path => !path.EndsWith("events--1.log", StringComparison.Ordinal) && new FileInfo(path).Length > 0)
            ? throw new InvalidDataException(
                $"The heads in '{folder}' are gone, but not what happened since. Restore the folder from a copy.")
            : (-1, []);
    }

    /// <summary>Whether that head is the one of a version.</summary>
    public static bool Is(string folder, int version, byte[] head) =>
        PrivateFiles.Exists(PathOf(folder, version))
            && PrivateFiles.Read(PathOf(folder, version)).AsSpan().SequenceEqual(Sealed(head));

    /// <summary>Makes a head the newest, durably, and deletes the one before the last.</summary>
    /// <exception cref="UnknownOutcomeException">It is there, but may not survive the loss of power.</exception>
    /// <exception cref="IOException">The disk refused; the head before is the newest.</exception>
    public static void Replace(string folder, int version, byte[] head)
    {
        AtomicFile.Write(PathOf(folder, version), Sealed(head), AtomicFile.OwnerOnly);
        try
        {
            DurableFolder.Flush(folder);
            File.Delete(PathOf(folder, version - 2));
        }
        catch (IOException problem)
        {
            throw new UnknownOutcomeException(
                $"Whether version {version} in '{folder}' would survive a loss of power is not known: {problem.Message}",
                problem);
        }
    }

    static bool IsWhole(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HashBytes && XxHash64.HashToUInt64(bytes[HashBytes..]) == BinaryPrimitives.ReadUInt64LittleEndian(bytes);

    static byte[] Sealed(byte[] head)
    {
        var bytes = new byte[HashBytes + head.Length];
        head.CopyTo(bytes, HashBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, XxHash64.HashToUInt64(head));
        return bytes;
    }

    static string PathOf(string folder, int version) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"head-{version}"));

    [GeneratedRegex(@"^head-(0|[1-9][0-9]{0,8})\z")]
    private static partial Regex HeadName();
}
