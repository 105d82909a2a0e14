using Plume.Client.Calls;
using Plume.Client.State;
using Plume.Client.Transfers;
using Plume.Compression.Wire;
using Plume.Federation.Models;
using Plume.Protocol.V1;
using SegmentKind = Plume.Federation.Models.SegmentKind;

namespace Plume.Client.Rounds;

/// <summary>The client's copy of the global model, brought from version to version and kept.</summary>
sealed class LocalModel : IDisposable
{
    readonly FederationTerms terms;
    readonly ClientFolder folder;
    readonly Downloads downloads;
    ReceivedModel received;

    public LocalModel(FederationTerms terms, ClientFolder folder, Downloads downloads)
    {
        (this.terms, this.folder, this.downloads) = (terms, folder, downloads);
        received = Nothing();
        if (folder.ReadModel(terms.Published.Length) is { } kept)
            received.Restore(kept.Version, kept.Values.Span);
    }

    /// <summary>Its version; null before the first.</summary>
    public int? Version => received.Version;

    /// <summary>Its values, until it is brought to another version.</summary>
    public ReadOnlyMemory<float> Values => received.Values;

    /// <summary>Whether a part of a download is here, which the next goes on with if it is of the same version.</summary>
    public bool HasDownload => downloads.HasBegun(terms.Published.Length);

    /// <summary>Brings the copy to a version.</summary>
    /// <param name="version">The version.</param>
    /// <param name="turn">What brings the download; null where a call of its own is made for it.</param>
    /// <param name="cancellation">Leaves.</param>
    /// <returns>Whether it has it; false where that one is not the newest any more.</returns>
    /// <exception cref="InvalidPayloadException">What came does not lead there; the next try takes the whole model.</exception>
    public async Task<bool> BringToAsync(int version, Turn? turn, CancellationToken cancellation)
    {
        if (received.Version == version)
            return true;
        var what = new DownloadTarget(received.Version < version ? received.Version : null, version, IsGraph: false);
        if (await downloads.GetAsync(what, terms.Published.Length, turn, cancellation).ConfigureAwait(false) is not { } download)
            return false;
        Apply(version, download.Header, download.Bytes);
        folder.WriteModel(new KeptModel(version, received.Values));
        return true;
    }

    public void Dispose() => downloads.Dispose();

    void Apply(int version, DownloadHeader header, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            int place = 0;
            foreach (var segment in header.Segments)
            {
                received.Apply((SegmentKind)segment.Kind, segment.From.Checked("segment's version"),
                    segment.To.Checked("segment's version"), bytes.Slice(place, (int)segment.Length));
                place += (int)segment.Length;
            }

            if (received.Version != version)
                throw new InvalidPayloadException(
                    $"The download was to lead to version {version}, but leads to {received.Version?.ToString() ?? "none"}.");
        }
        catch
        {
            received = Nothing();
            throw;
        }
    }

    ReceivedModel Nothing() => new(terms.Published, terms.BroadcastKey);
}
