using System.Security.Cryptography;
using Plume.Federation.Models;
using Plume.Server.Federations.Definitions;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Blobs;

/// <summary>
/// The graphs that clients take, one for each capacity. Of the definition they can be made again whenever they are needed.
/// </summary>
sealed class GraphBlobs(FederationDefinition definition, IBlobs blobs, BlobNames names)
{
    /// <summary>Writes them.</summary>
    /// <returns>The hash of each, the largest capacity first; one empty text where there is none.</returns>
    public async Task<string[]> WriteAsync(CancellationToken cancellation)
    {
        if (definition.Graph is not { } largest)
            return [""];
        var hashes = new List<string>();
        foreach (var graph in definition.SmallerGraphs.Prepend(largest))
        {
            byte[] packed = PackedGraph.Pack(graph());
            await blobs.WriteAsync(names.Graph(hashes.Count), packed, cancellation).ConfigureAwait(false);
            hashes.Add(Convert.ToHexStringLower(SHA256.HashData(packed)));
        }

        return [.. hashes];
    }

    /// <summary>Whether they are there, and those of these hashes.</summary>
    public async Task<bool> AreSoundAsync(IEnumerable<string> expected, CancellationToken cancellation)
    {
        if (definition.Graph is null)
            return true;
        string[] hashes = [.. expected];
        for (int capacity = 0; capacity < hashes.Length; capacity++)
        {
            if (hashes[capacity].Length == 0
                || await blobs.Sha256Async(names.Graph(capacity), cancellation).ConfigureAwait(false) != hashes[capacity])
                return false;
        }

        return hashes.Length == 1 + definition.SmallerGraphs.Count;
    }
}
