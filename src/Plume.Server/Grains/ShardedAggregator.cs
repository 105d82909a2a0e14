using System.Runtime.InteropServices;
using Plume.Compression.Aggregation;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Sums;
using Plume.Server.Storage;

namespace Plume.Server.Grains;

/// <summary>
/// Spreads a round's updates over shards by client; their sums are whole numbers, so the total has the bits of a single sum.
/// </summary>
sealed class ShardedAggregator(FederationDefinition definition, IGrainFactory grains, IBlobs blobs, int shards) : IAggregator
{
    public Task<AddedUpdate> AddAsync(WeightedUpdate update, RoundPlan plan, CancellationToken cancellation) =>
        Retry(() => Shard(update.Update.Client % shards).AddAsync(ShardUpdate.Of(update, plan)),
            cancellation);

    public async Task<ExactSum> SumAsync(IReadOnlyList<WeightedUpdate> updates, RoundPlan plan, CancellationToken cancellation)
    {
        var parts = updates.GroupBy(update => update.Update.Client % shards).Select(shard => Retry(() =>
            Shard(shard.Key).SumAsync([.. shard.Select(update => ShardUpdate.Of(update, plan))]),
            cancellation));
        int length = RoundSum.LengthOf(definition.Plan, definition.Layout);
        var total = new ExactSum(length, definition.Plan.MostContributors);
        var part = new ExactSum(length, definition.Plan.MostContributors);
        foreach (string name in await Task.WhenAll(parts).ConfigureAwait(false))
        {
            await ReadAsync(name, part, cancellation).ConfigureAwait(false);
            total.Add(part);
            await blobs.DeleteAsync(name, cancellation).ConfigureAwait(false);
        }

        return total;
    }

    IAggregatorGrain Shard(int number) =>
        grains.GetGrain<IAggregatorGrain>(FormattableString.Invariant($"{definition.Id}|{number}"));

    async Task ReadAsync(string name, ExactSum sum, CancellationToken cancellation)
    {
        var bytes = new byte[8 * sum.Length];
        if (await blobs.ReadAsync(name, 0, bytes, cancellation).ConfigureAwait(false) < bytes.Length)
            throw new IOException($"The sum '{name}' is cut.");
        MemoryMarshal.Cast<byte, long>(bytes).CopyTo(sum.Values);
    }

    // A silo that was killed takes its shards with it; they come up elsewhere in a moment.
    static async Task<T> Retry<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await call().WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is OrleansException or TimeoutException)
        {
            throw new IOException($"A shard of the sum does not answer: {problem.Message}", problem);
        }
    }
}
