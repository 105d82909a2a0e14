using Plume.Server.Storage;

namespace Plume.Server.Federations.Blobs;

/// <summary>What is done with any blob of a federation.</summary>
static class FederationBlobs
{
    /// <summary>Writes a blob under its name, all at once and durably.</summary>
    public static async Task WriteAsync(this IBlobs blobs, string name, ReadOnlyMemory<byte> bytes,
        CancellationToken cancellation)
    {
        string partial = BlobNames.Partial(name);
        await blobs.AppendAsync(partial, 0, bytes, cancellation).ConfigureAwait(false);
        await blobs.MoveAsync(partial, name, cancellation).ConfigureAwait(false);
    }
}
