using System.Security.Cryptography;
using Plume.Compression.Weights;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Writing;
using Plume.Server.Flower;
using Plume.Server.Flower.Messages;
using Plume.Server.Storage;

namespace Plume.Server.Rpc;

/// <summary>
/// The server's only federation, as the Flower door sees it: its clients are clients like others, whose updates are whole floats.
/// </summary>
sealed class FlowerFederation(FederationFeeds feeds, ServerStorage storage, ReservedPlaces reserved,
    TimeProvider time) : IFlowerFederation, IDisposable
{
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    readonly FederationFeed feed = feeds.All.Single();
    readonly SemaphoreSlim reading = new(1);
    readonly Dictionary<int, (int Round, int Attempt)> answered = [];
    (int Version, ReadOnlyMemory<float> Values)? newest;

    public ModelLayout Layout => feed.Definition.Layout;

    public async Task<FlowerPlace> JoinAsync(string name, CancellationToken cancellation)
    {
        int kept = await reserved.CountAsync(feed.Definition.Name, cancellation);
        var place = await feed.Grain.JoinAsync(name, null, kept).WaitAsync(cancellation);
        return place.Problem is { } problem ? throw new InvalidOperationException(problem) : new FlowerPlace(place.Number, name);
    }

    public async Task<FlowerTask?> NextAsync(FlowerPlace place, CancellationToken cancellation)
    {
        int client = place.Client;
        long? places = null;
        using var held = feed.Hold(client);
        while (true)
        {
            var snapshot = feed.Snapshot;
            if (snapshot?.PlacesSince != places && await feed.NumberOfAsync(place.Name) != client)
                throw new InvalidOperationException("The client has its place in the federation no longer. Join again.");
            places = snapshot?.PlacesSince;
            if (snapshot is { HasEnded: true })
                return null;
            if (snapshot?.TaskOf(client) is { } task && !IsAnswered(task)
                && await ModelAsync(snapshot.ModelVersion, cancellation) is { } model)
            {
                // Arrays of floats, as long as a whole model.
                feed.CountDownload(sizeof(float) * (long)model.Length);
                var now = SteadyTime.Of(time).GetUtcNow();
                return new FlowerTask(task.Round, task.Attempt, snapshot.ModelVersion, model,
                    feed.Definition.Plan.ObjectiveIn(task.Round), now, now + snapshot.LeftBy(time, task));
            }

            await feed.WaitAsync(snapshot, LongestWait, cancellation);
        }
    }

    public async Task<string?> SubmitAsync(FlowerPlace place, FlowerTask task, FlowerUpdate update,
        CancellationToken cancellation)
    {
        int client = place.Client;
        if (await feed.NumberOfAsync(place.Name) != client)
            return "The client has its place in the federation no longer.";
        string hash = Convert.ToHexStringLower(SHA256.HashData(update.Payload.Span));
        var arrived = new ArrivedUpdate(client, task.Round, task.Attempt, task.ModelVersion, update.Samples, update.Loss
            ?? double.NaN, update.Payload.Length, hash, IsFloats: true);
        if (await feed.Grain.ConsiderAsync(arrived) is { } known)
            return Answered(known);
        string name = new BlobNames(feed.Definition.Id).Upload(task.Round, task.Attempt, client, hash),
            partial = BlobNames.Partial(name);
        await storage.Blobs.AppendAsync(partial, 0, update.Payload, cancellation);
        await storage.Blobs.MoveAsync(partial, name, cancellation);
        return Answered(await feed.Grain.ArriveAsync(arrived));

        // Not before: a client whose update could not be kept is asked again.
        string? Answered(UploadOutcome outcome)
        {
            Answer(client, task);
            return outcome.IsCounted ? null : outcome.Message;
        }
    }

    public async Task ReportAsync(FlowerPlace place, FlowerTask task, string problem, bool isMissed = false)
    {
        if (await feed.NumberOfAsync(place.Name) != place.Client)
            return;
        Answer(place.Client, task);
        await feed.Grain.ReportAsync(place.Client, task.Round, task.Attempt, problem, isMissed);
    }

    // What a client measures is its own affair so far: nothing in a federation's figures stands for it.
    public Task MeasureAsync(FlowerPlace place, FlowerTask task, FlowerMeasure measure, CancellationToken cancellation) =>
        Task.CompletedTask;

    public Task LeaveAsync(FlowerPlace place) => Task.CompletedTask;

    public void Dispose() => reading.Dispose();

    bool IsAnswered(PublishedTask task)
    {
        lock (answered)
            return answered.TryGetValue(task.Client, out var last) && last == (task.Round, task.Attempt);
    }

    void Answer(int client, FlowerTask task)
    {
        lock (answered)
            answered[client] = (task.Round, task.Attempt);
    }

    // One copy of the newest model for all Flower clients; null where there is a newer one by now.
    async Task<ReadOnlyMemory<float>?> ModelAsync(int version, CancellationToken cancellation)
    {
        await reading.WaitAsync(cancellation);
        try
        {
            if (newest?.Version != version)
            {
                if (await feed.Grain.CatchUpAsync(null, version) is not [{ Kind: SegmentKind.Whole } whole])
                    return null;
                newest = (version, await ReadAsync(whole, cancellation));
            }

            return newest.Value.Values;
        }
        finally
        {
            reading.Release();
        }
    }

    async Task<ReadOnlyMemory<float>> ReadAsync(DownloadPart whole, CancellationToken cancellation)
    {
        var definition = feed.Definition;
        var bytes = new byte[whole.Length];
        await storage.Blobs.ReadAsync(whole.Blob, 0, bytes, cancellation);
        var model = new ReceivedModel(definition.Published, DrawKeys.Downlink(definition.Key));
        model.Apply(SegmentKind.Whole, whole.From, whole.To, bytes);
        return model.Values;
    }
}
