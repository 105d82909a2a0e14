using System.Security.Cryptography;

namespace Plume.Server.Storage;

/// <summary>What is done with a blob as a whole, chunk by chunk.</summary>
static class WholeBlobs
{
    const int ChunkBytes = 256 << 10;

    /// <summary>A blob's SHA-256 in lower-case hexadecimal; null where there is none.</summary>
    public static async Task<string?> Sha256Async(this IBlobs blobs, string name, CancellationToken cancellation)
    {
        if (await blobs.LengthAsync(name, cancellation).ConfigureAwait(false) is null)
            return null;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await foreach (var chunk in blobs.ChunksAsync(name, cancellation).ConfigureAwait(false))
            hash.AppendData(chunk.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Writes a blob again under another name, durably.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static async Task CopyAsync(this IBlobs blobs, string from, string to, CancellationToken cancellation)
    {
        string partial = $"{to}.part";
        await blobs.DeleteAsync(partial, cancellation).ConfigureAwait(false);
        long offset = 0;
        await foreach (var chunk in blobs.ChunksAsync(from, cancellation).ConfigureAwait(false))
        {
            await blobs.AppendAsync(partial, offset, chunk, cancellation).ConfigureAwait(false);
            offset += chunk.Length;
        }

        await blobs.MoveAsync(partial, to, cancellation).ConfigureAwait(false);
    }

    static async IAsyncEnumerable<ReadOnlyMemory<byte>> ChunksAsync(this IBlobs blobs, string name,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var buffer = new byte[ChunkBytes];
        for (long offset = 0; ;)
        {
            int read = await blobs.ReadAsync(name, offset, buffer, cancellation).ConfigureAwait(false);
            if (read == 0)
                yield break;
            yield return buffer.AsMemory(0, read);
            offset += read;
        }
    }
}
