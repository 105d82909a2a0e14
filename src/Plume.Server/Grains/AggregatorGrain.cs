using System.Runtime.InteropServices;
using Orleans.Concurrency;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Sums;
using Plume.Server.Storage;

namespace Plume.Server.Grains;

/// <summary>
/// One shard of a federation's sum, wherever in the cluster it lives. Its key is the federation's name in storage, a bar, and the
/// shard's number.
/// </summary>
interface IAggregatorGrain : IGrainWithStringKey
{
    /// <summary>Adds an update; says its norm, or why it could not.</summary>
    Task<AddedUpdate> AddAsync(ShardUpdate update);

    /// <summary>Writes the sum of exactly these updates, all of one round and attempt, as a blob.</summary>
    /// <returns>The blob's name.</returns>
    Task<string> SumAsync(ShardUpdate[] updates);
}

/// <summary>An update of a shard, its weight in the mean, and of the round that takes it in what decoding needs.</summary>
[GenerateSerializer, Immutable]
sealed record ShardUpdate(ArrivedUpdate Update, double Weight, double? UsualNorm, int Round, int Attempt)
{
    public static ShardUpdate Of(WeightedUpdate update, RoundPlan plan) =>
        new(update.Update, update.Weight, plan.UsualNorm, plan.Round, plan.Attempt);

    public WeightedUpdate Weighted => new(Update, Weight);

    public RoundPlan Plan => new(Round, Attempt, Round - 1, [], default) { UsualNorm = UsualNorm };
}

/// <summary>
/// Adds a shard's updates up in this silo. What it holds is only ahead of time: after a crash another activation reads the
/// updates, which are durable, and has the same sum.
/// </summary>
[Reentrant]
sealed class AggregatorGrain(FederationCatalog catalog, ServerStorage storage) : Grain, IAggregatorGrain, IDisposable
{
    const int ChunkBytes = 1 << 20;

    LocalAggregator aggregator = null!;
    BlobNames names;
    string shard = "";

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        string[] key = this.GetPrimaryKeyString().Split('|');
        var definition = catalog[key[0]];
        (names, shard) = (new BlobNames(definition.Id), key[1]);
        aggregator = new LocalAggregator(definition, storage.Blobs,
            _ => throw new InvalidOperationException("A shard has no model; an uplink that needs one is not sharded."));
        return Task.CompletedTask;
    }

    public void Dispose() => aggregator?.Dispose();

    public Task<AddedUpdate> AddAsync(ShardUpdate update) =>
        aggregator.AddAsync(update.Weighted, update.Plan, CancellationToken.None);

    public async Task<string> SumAsync(ShardUpdate[] updates)
    {
        var sum = await aggregator.SumAsync([.. updates.Select(update => update.Weighted)], updates[0].Plan,
            CancellationToken.None);
        string name = names.Sum(updates[0].Round, updates[0].Attempt, shard), partial = BlobNames.Partial(name);
        for (long offset = 0; offset < 8L * sum.Length;)
        {
            byte[] chunk = Chunk(sum, offset);
            await storage.Blobs.AppendAsync(partial, offset, chunk, CancellationToken.None);
            offset += chunk.Length;
        }

        await storage.Blobs.MoveAsync(partial, name, CancellationToken.None);
        return name;
    }

    static byte[] Chunk(Plume.Compression.Aggregation.ExactSum sum, long offset)
    {
        var bytes = MemoryMarshal.AsBytes(sum.Values);
        return bytes.Slice((int)offset, (int)Math.Min(ChunkBytes, bytes.Length - offset)).ToArray();
    }
}
