using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Plume.Federation.SecureRounds;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Records;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Secure;

/// <summary>
/// A round's secure sum as it lies among the blobs: masked, with what it takes to unmask it, and then as it was revealed, which
/// the next version is a function of. Nothing of a single client is in either.
/// </summary>
sealed class SumBlobs(IBlobs blobs, BlobNames names)
{
    const int FigureBytes = 3 * sizeof(double);

    /// <summary>Writes a session that is to be unmasked, durably.</summary>
    /// <returns>What the ledger has of it.</returns>
    public async Task<KeptSum> WriteMaskedAsync(SumSession session, byte[] bytes, CancellationToken cancellation)
    {
        string name = names.MaskedSum(session.Task.Round, session.Task.Attempt, session.Number);
        return session.Kept(await WriteAsync(name, bytes, cancellation).ConfigureAwait(false));
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="InvalidDataException">It is missing, or not the bytes that were written.</exception>
    public Task<byte[]> ReadMaskedAsync(int round, KeptSum sum, CancellationToken cancellation) =>
        ReadAsync(names.MaskedSum(round, sum.Attempt, sum.Session), sum, cancellation);

    /// <summary>Writes what sums revealed, durably.</summary>
    /// <returns>What the ledger has of it.</returns>
    public async Task<KeptSum> WriteRevealedAsync(SumSession session, RevealedSums sums, CancellationToken cancellation)
    {
        byte[] bytes = [.. sums.Groups.SelectMany(group => BytesOf(group.Sum))];
        string name = names.RevealedSum(session.Task.Round, session.Task.Attempt);
        var kept = session.Kept(await WriteAsync(name, bytes, cancellation).ConfigureAwait(false));
        return session.IsGrouped ? kept with
        {
            Groups = [.. sums.Groups.Select(group => new KeptGroup(group.Number, group.Clients, group.Sum.Values.Length))],
        } : kept;
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="InvalidDataException">It is missing, or not the bytes that were written.</exception>
    public async Task<RevealedSums> ReadRevealedAsync(int round, KeptSum sum, CancellationToken cancellation)
    {
        byte[] bytes = await ReadAsync(names.RevealedSum(round, sum.Attempt), sum, cancellation).ConfigureAwait(false);
        // Of one sum of all it is known elsewhere who they are, and here only their number counts.
        var kept = sum.Groups ?? [new KeptGroup(0, [.. Enumerable.Range(0, sum.Clients)],
            (bytes.Length - FigureBytes) / sizeof(float))];
        var groups = new List<RevealedGroup>();
        int start = 0;
        foreach (var (number, clients, values) in kept)
        {
            int length = FigureBytes + sizeof(float) * values;
            groups.Add(new RevealedGroup(number, clients, SumOf(bytes.AsSpan(start, length))));
            start += length;
        }

        return new RevealedSums(groups);
    }

    static byte[] BytesOf(RevealedSum sum)
    {
        var bytes = new byte[FigureBytes + sizeof(float) * sum.Values.Length];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, sum.Weight);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(sizeof(double)), sum.Loss);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(2 * sizeof(double)), sum.Fill);
        MemoryMarshal.AsBytes(sum.Values.AsSpan()).CopyTo(bytes.AsSpan(FigureBytes));
        return bytes;
    }

    static RevealedSum SumOf(ReadOnlySpan<byte> bytes) => new(MemoryMarshal.Cast<byte, float>(bytes[FigureBytes..]).ToArray(),
        BinaryPrimitives.ReadDoubleLittleEndian(bytes), BinaryPrimitives.ReadDoubleLittleEndian(bytes[sizeof(double)..]),
        BinaryPrimitives.ReadDoubleLittleEndian(bytes[(2 * sizeof(double))..]));

    async Task<string> WriteAsync(string name, byte[] bytes, CancellationToken cancellation)
    {
        await blobs.DeleteAsync(BlobNames.Partial(name), cancellation).ConfigureAwait(false);
        await blobs.WriteAsync(name, bytes, cancellation).ConfigureAwait(false);
        return HashOf(bytes);
    }

    async Task<byte[]> ReadAsync(string name, KeptSum sum, CancellationToken cancellation)
    {
        var bytes = new byte[await blobs.LengthAsync(name, cancellation).ConfigureAwait(false)
            ?? throw new InvalidDataException($"The sum '{name}' is missing.")];
        return await blobs.ReadAsync(name, 0, bytes, cancellation).ConfigureAwait(false) == bytes.Length
            && HashOf(bytes) == sum.Sha256 ? bytes
            : throw new InvalidDataException($"The sum '{name}' is damaged: its hash is not the one in the ledger.");
    }

    static string HashOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
