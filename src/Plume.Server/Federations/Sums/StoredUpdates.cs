using System.Security.Cryptography;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Records;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Sums;

/// <summary>The updates of a federation as they lie in storage.</summary>
sealed class StoredUpdates(string federation, IBlobs blobs)
{
    readonly BlobNames names = new(federation);

    /// <summary>Reads an update.</summary>
    /// <param name="update">Which.</param>
    /// <param name="bytes">Receives as many bytes as it has.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>Whether they have the hash that its client gave.</returns>
    /// <exception cref="InvalidDataException">It has fewer bytes than were taken in.</exception>
    public async Task<bool> ReadAsync(ArrivedUpdate update, Memory<byte> bytes, CancellationToken cancellation)
    {
        string name = names.Upload(update.Round, update.Attempt, update.Client, update.Sha256);
        if (await blobs.ReadAsync(name, 0, bytes, cancellation).ConfigureAwait(false) < bytes.Length)
            throw new InvalidDataException($"The update '{name}' is cut: it should have {update.Length} bytes.");
        return Convert.ToHexStringLower(SHA256.HashData(bytes.Span)) == update.Sha256;
    }
}
