using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Plume.Compression.Weights;
using Plume.Federation.Models;
using Plume.Server.Storage;

namespace Plume.Server.Federations;

/// <summary>The three arrays of floats that the server needs to go on from a version: exact model, published model, optimizer's memory; little-endian, one after another.</summary>
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
        foreach (var values in new[] { model.Exact, model.Broadcast.Published, model.Memory })
        {
            foreach (var chunk in Chunks(values))
            {
                hash.AppendData(chunk);
                await blobs.AppendAsync(partial, offset, chunk, cancellation).ConfigureAwait(false);
                offset += chunk.Length;
            }
        }

        await blobs.MoveAsync(partial, name, cancellation).ConfigureAwait(false);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <exception cref="InvalidDataException">It is missing, or not the bytes that were written.</exception>
    public static async Task<(float[] Exact, float[] Published, float[] Memory)> ReadAsync(IBlobs blobs, string name, string sha256, ModelLayout layout, int memoryPerValue, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var arrays = (Exact: new float[layout.Length], Published: new float[layout.Length], Memory: new float[memoryPerValue * layout.Length]);
        try
        {
            long offset = 0;
            foreach (float[] values in new[] { arrays.Exact, arrays.Published, arrays.Memory })
            {
                var bytes = new byte[4L * values.Length];
                if (await blobs.ReadAsync(name, offset, bytes, cancellation).ConfigureAwait(false) < bytes.Length)
                    throw new InvalidDataException($"The checkpoint '{name}' is cut.");
                hash.AppendData(bytes);
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                offset += bytes.Length;
            }
        }
        catch (FileNotFoundException missing)
        {
            throw new InvalidDataException($"The checkpoint '{name}' is missing.", missing);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()) == sha256
            ? arrays
            : throw new InvalidDataException($"The checkpoint '{name}' is damaged: its hash is not the one in the ledger.");
    }

    static IEnumerable<byte[]> Chunks(ReadOnlyMemory<float> values)
    {
        for (int start = 0; start < values.Length; start += ChunkBytes / 4)
            yield return MemoryMarshal.AsBytes(values.Span.Slice(start, Math.Min(ChunkBytes / 4, values.Length - start))).ToArray();
    }
}
