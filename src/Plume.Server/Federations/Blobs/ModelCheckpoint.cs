using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Plume.Federation.Models;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Blobs;

/// <summary>
/// The arrays of floats that the server needs to go on from a version: what is published, exact and as clients of each capacity
/// have it, and what optimizer and method remember; little-endian, one after another.
/// </summary>
static class ModelCheckpoint
{
    const int ChunkBytes = 1 << 20;

    /// <summary>Writes a checkpoint under its name, durably.</summary>
    /// <returns>Its SHA-256, in hexadecimal.</returns>
    public static async Task<string> WriteAsync(IBlobs blobs, string name, GlobalModel model, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string partial = BlobNames.Partial(name);
        await blobs.DeleteAsync(partial, cancellation).ConfigureAwait(false);
        long offset = 0;
        foreach (var values in (ReadOnlyMemory<float>[])[model.Exact,
            .. model.Broadcasts.Select(broadcast => broadcast.Published), model.Memory])
        {
            foreach (var chunk in Chunks(values))
            {
                hash.AppendData(chunk.Span);
                await blobs.AppendAsync(partial, offset, chunk, cancellation).ConfigureAwait(false);
                offset += chunk.Length;
            }
        }

        await blobs.MoveAsync(partial, name, cancellation).ConfigureAwait(false);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Reads a checkpoint into arrays of the right lengths.</summary>
    /// <param name="blobs">Where it lies.</param>
    /// <param name="name">Its name.</param>
    /// <param name="sha256">What its hash must be.</param>
    /// <param name="exact">Becomes the exact model.</param>
    /// <param name="published">Lengths of what each capacity's clients have, and what becomes it; null where the reader has
    /// it.</param>
    /// <param name="memory">Becomes what optimizer and method remember.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="InvalidDataException">It is missing, or not the bytes that were written.</exception>
    public static async Task ReadAsync(IBlobs blobs, string name, string sha256, float[] exact,
        IReadOnlyList<(float[]? Values, int Length)> published, float[] memory, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[Math.Min(ChunkBytes, 4L * exact.Length)];
        long offset = 0;
        foreach (var (values, length) in ((float[]?, int)[])[(exact, exact.Length), .. published, (memory, memory.Length)])
        {
            for (int start = 0; start < length; start += buffer.Length / 4)
            {
                var chunk = buffer.AsMemory(0, 4 * Math.Min(buffer.Length / 4, length - start));
                await ReadAsync(blobs, name, offset, chunk, cancellation).ConfigureAwait(false);
                hash.AppendData(chunk.Span);
                if (values is not null)
                    MemoryMarshal.Cast<byte, float>(chunk.Span).CopyTo(values.AsSpan(start));
                offset += chunk.Length;
            }
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != sha256)
            throw new InvalidDataException($"The checkpoint '{name}' is damaged: its hash is not the one in the ledger.");
    }

    static async Task ReadAsync(IBlobs blobs, string name, long offset, Memory<byte> chunk, CancellationToken cancellation)
    {
        try
        {
            if (await blobs.ReadAsync(name, offset, chunk, cancellation).ConfigureAwait(false) < chunk.Length)
                throw new InvalidDataException($"The checkpoint '{name}' is cut.");
        }
        catch (FileNotFoundException missing)
        {
            throw new InvalidDataException($"The checkpoint '{name}' is missing.", missing);
        }
    }

    // One buffer for all: who takes a chunk is done with it when it takes the next.
    static IEnumerable<Memory<byte>> Chunks(ReadOnlyMemory<float> values)
    {
        var buffer = new byte[Math.Min(ChunkBytes, 4L * values.Length)];
        for (int start = 0; start < values.Length; start += buffer.Length / 4)
        {
            var bytes = MemoryMarshal.AsBytes(values.Span.Slice(start, Math.Min(buffer.Length / 4, values.Length - start)));
            bytes.CopyTo(buffer);
            yield return buffer.AsMemory(0, bytes.Length);
        }
    }
}
