using Plume.Compression.Codecs;
using Plume.Federation.Models;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Writing;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Versions;

/// <summary>What leads clients to the newest version, as names of blobs.</summary>
sealed class Downloads(FederationDefinition definition, VersionStore store, Journal journal, Announcements news, IBlobs blobs,
    BlobNames names)
{
    // That stands in no round's record yet; it is counted while rounds come and go.
    long bytes;

    /// <summary>Bytes that clients downloaded and that stand in no round's record yet.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Counts bytes that clients downloaded; below 0 those that a record has by now.</summary>
    public void Count(long more) => Interlocked.Add(ref bytes, more);

    /// <summary>What leads a client to a version.</summary>
    /// <param name="from">The version it has; null for none.</param>
    /// <param name="to">The version it wants.</param>
    /// <param name="capacity">The client's.</param>
    /// <param name="takesLevels">Whether it reads a whole model as levels.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Null where that version is not the newest: the client must ask for its task again.</returns>
    public async Task<IReadOnlyList<DownloadPart>?> CatchUpAsync(int? from, int to, int capacity, bool takesLevels,
        CancellationToken cancellation)
    {
        await store.Turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return IsNewest(to) && !(from > to)
                ? await PartsAsync(from, capacity, takesLevels, cancellation).ConfigureAwait(false) : null;
        }
        finally
        {
            store.Turn.Release();
        }
    }

    /// <summary>The weights of the model that the server has for itself.</summary>
    /// <param name="version">The version wanted.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Null where that version is not the newest.</returns>
    public async Task<IReadOnlyList<DownloadPart>?> ModelAsync(int version, CancellationToken cancellation)
    {
        await store.Turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (!IsNewest(version))
                return null;
            string name = names.Model(version);
            long length = await blobs.LengthAsync(name, cancellation).ConfigureAwait(false)
                ?? await WriteModelAsync(version, name, cancellation).ConfigureAwait(false);
            return [new DownloadPart(SegmentKind.Whole, 0, version, length, name)];
        }
        finally
        {
            store.Turn.Release();
        }
    }

    bool IsNewest(int version) => version == store.Model.Broadcast.Version && version == news.Latest.ModelVersion;

    async Task<List<DownloadPart>> PartsAsync(int? from, int capacity, bool takesLevels, CancellationToken cancellation)
    {
        var parts = new List<DownloadPart>();
        foreach (var segment in (await SoundWayAsync(from, capacity, takesLevels, cancellation).ConfigureAwait(false)).Segments)
        {
            string name = segment.Kind switch
            {
                SegmentKind.Version => names.Version(segment.To, capacity),
                SegmentKind.Levels => names.Levels(segment.To, capacity),
                _ => names.CatchUp(segment.Kind == SegmentKind.Whole ? null : segment.From, segment.To, capacity),
            };
            if (segment.Kind != SegmentKind.Version
                && await blobs.LengthAsync(name, cancellation).ConfigureAwait(false) != segment.Length)
                await blobs.WriteAsync(name, segment.Payload, cancellation).ConfigureAwait(false);
            parts.Add(new DownloadPart(segment.Kind, segment.From, segment.To, segment.Length, name));
        }

        return parts;
    }

    // A version's own payload cannot be made again later; where one is damaged, the whole model leads past it.
    async Task<CatchUp> SoundWayAsync(int? from, int capacity, bool takesLevels, CancellationToken cancellation)
    {
        var broadcast = store.Model.Broadcasts[capacity];
        var way = broadcast.From(from, takesLevels);
        foreach (var segment in way.Segments.Where(segment => segment.Kind == SegmentKind.Version))
        {
            if (!await store.IsSoundAsync(segment, capacity, cancellation).ConfigureAwait(false))
                return broadcast.From(null, takesLevels);
        }

        return way;
    }

    async Task<long> WriteModelAsync(int version, string name, CancellationToken cancellation)
    {
        var published = new float[definition.Published.Length];
        var (_, memory) = await store.ReadAsync(names.Checkpoint(version), journal.Head.Checkpoint, [published], cancellation)
            .ConfigureAwait(false);
        var weights = GlobalModel.WeightsOf(definition.Plan, definition.Layout, definition.Optimizer, published, memory);
        var payload = new PayloadEncoder(ReceivedModel.Whole, definition.Layout).Encode(weights, default);
        await blobs.WriteAsync(name, payload, cancellation).ConfigureAwait(false);
        return payload.Length;
    }
}
