using Plume.Compression.Aggregation;
using Plume.Compression.Wire;
using Plume.Federation.Models;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Sums;

/// <summary>
/// The sum of a round in this process: one accumulator, whatever the number of clients. Updates are decoded straight into it, one
/// after another, each on all cores.
/// </summary>
sealed class LocalAggregator : IAggregator, IDisposable
{
    readonly FederationDefinition definition;
    readonly StoredUpdates stored;
    readonly Func<int, ReadOnlyMemory<float>> published;
    readonly RoundSum sum;
    readonly SemaphoreSlim turn = new(1);
    readonly Dictionary<ArrivedUpdate, double> added = [];
    (int Round, int Attempt) at;
    byte[] payload = [];
    volatile IReadOnlyList<long> tensorBits = [];
    int measured;

    /// <param name="definition">The federation.</param>
    /// <param name="blobs">Where the updates lie.</param>
    /// <param name="published">The model that the round's updates of a capacity were made from.</param>
    public LocalAggregator(FederationDefinition definition, IBlobs blobs, Func<int, ReadOnlyMemory<float>> published)
    {
        (this.definition, stored, this.published) = (definition, new StoredUpdates(definition.Id, blobs), published);
        sum = new RoundSum(definition.Plan, definition.Layout, definition.Key, definition.Plan.MostContributors,
            Environment.ProcessorCount);
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> TensorBits => tensorBits;

    public async Task<AddedUpdate> AddAsync(WeightedUpdate update, RoundPlan plan, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            Begin(plan);
            return added.TryGetValue(update.Update, out double norm) ? new AddedUpdate(norm, null)
                : await Task.Run(() => DecodeAsync(update, cancellation), cancellation).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task<ExactSum> SumAsync(IReadOnlyList<WeightedUpdate> updates, RoundPlan plan, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            Begin(plan);
            if (added.Keys.Except(updates.Select(update => update.Update)).Any())
            {
                added.Clear();
                sum.Begin(plan, published);
            }

            foreach (var update in updates.Where(update => !added.ContainsKey(update.Update)))
            {
                if (await Task.Run(() => DecodeAsync(update, cancellation), cancellation)
                    .ConfigureAwait(false) is { Problem: { } problem })
                    throw new InvalidDataException(
                        $"The update of client {update.Update.Client} was taken in, but cannot be read any more: {problem}");
            }

            return sum.Sum;
        }
        finally
        {
            turn.Release();
        }
    }

    void Begin(RoundPlan plan)
    {
        if (at == (plan.Round, plan.Attempt))
            return;
        at = (plan.Round, plan.Attempt);
        added.Clear();
        sum.Begin(plan, published);
    }

    async Task<AddedUpdate> DecodeAsync(WeightedUpdate weighted, CancellationToken cancellation)
    {
        var update = weighted.Update;
        if (payload.Length < update.Length)
            payload = new byte[update.Length];
        var bytes = payload.AsMemory(0, (int)update.Length);
        if (!await stored.ReadAsync(update, bytes, cancellation).ConfigureAwait(false))
            return new AddedUpdate(0, "Its bytes do not have the hash that the client gave.");
        try
        {
            double norm = sum.Add(update.Part, weighted.Weight, bytes, update.IsFloats);
            added.Add(update, norm);
            Measure(update, bytes);
            return new AddedUpdate(norm, null);
        }
        catch (InvalidPayloadException refusal)
        {
            return new AddedUpdate(0, refusal.Message);
        }
    }

    // One a round: it is decoded once more for it.
    void Measure(ArrivedUpdate update, ReadOnlyMemory<byte> bytes)
    {
        if (measured == at.Round || update.IsFloats || definition.Plan.Method.CapacityOf(update.Client) != 0)
            return;
        tensorBits = sum.MeasureTensors(update.Part, bytes);
        measured = at.Round;
    }

    public void Dispose() => turn.Dispose();
}
