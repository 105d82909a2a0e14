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

    /// <summary>Writes what a sum revealed, durably.</summary>
    /// <returns>What the ledger has of it.</returns>
    public async Task<KeptSum> WriteRevealedAsync(SumSession session, RevealedSum sum, CancellationToken cancellation)
    {
        var bytes = new byte[FigureBytes + sizeof(float) * sum.Values.Length];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, sum.Weight);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(sizeof(double)), sum.Loss);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(2 * sizeof(double)), sum.Fill);
        MemoryMarshal.AsBytes(sum.Values.AsSpan()).CopyTo(bytes.AsSpan(FigureBytes));
        string name = names.RevealedSum(session.Task.Round, session.Task.Attempt);
        return session.Kept(await WriteAsync(name, bytes, cancellation).ConfigureAwait(false));
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="InvalidDataException">It is missing, or not the bytes that were written.</exception>
    public async Task<RevealedSum> ReadRevealedAsync(int round, KeptSum sum, CancellationToken cancellation)
    {
        byte[] bytes = await ReadAsync(names.RevealedSum(round, sum.Attempt), sum, cancellation).ConfigureAwait(false);
        return new RevealedSum(MemoryMarshal.Cast<byte, float>(bytes.AsSpan(FigureBytes)).ToArray(),
            BinaryPrimitives.ReadDoubleLittleEndian(bytes), BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(sizeof(double))),
            BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(2 * sizeof(double))));
    }

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
