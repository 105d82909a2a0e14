using Plume.Compression.Wire;
using Plume.Federation.Models;
using Plume.Federation.Participation;
using Plume.Federation.Privacy;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Definitions;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Secure;
using Plume.Server.Storage;

namespace Plume.Server.Federations.Sums;

/// <summary>What a round's updates became.</summary>
/// <param name="Apply">Makes and publishes the next version of a model.</param>
/// <param name="Notes">What there is to say of single updates.</param>
sealed record MergedUpdates(Func<GlobalModel, NoiseSecret?, IReadOnlyList<byte[]>> Apply, IReadOnlyList<string> Notes);

/// <summary>
/// Makes one of a round's updates: the sum that an aggregator has of them, or what the plan's rule makes of the updates in
/// storage. Both are functions of which updates they are.
/// </summary>
/// <param name="definition">The federation.</param>
/// <param name="aggregator">Adds updates up.</param>
/// <param name="blobs">Where updates lie.</param>
/// <param name="published">The model that the round's updates of a capacity were made from.</param>
sealed class Merging(FederationDefinition definition, IAggregator aggregator, IBlobs blobs,
    Func<int, ReadOnlyMemory<float>> published)
{
    readonly StoredUpdates stored = new(definition.Id, blobs);
    readonly SumBlobs sums = new(blobs, new BlobNames(definition.Id));

    /// <summary>Makes one of exactly these updates.</summary>
    /// <exception cref="InvalidDataException">An update was taken in, but cannot be read any more.</exception>
    /// <param name="updates">The updates.</param>
    /// <param name="plan">Of their round.</param>
    /// <param name="norm">Their median norm.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task<MergedUpdates> OfAsync(IReadOnlyList<WeightedUpdate> updates, RoundPlan plan, double norm,
        CancellationToken cancellation) =>
        definition.Plan.Rule is { } rule
            ? Task.Run(() => Compared(rule, updates, plan, norm, cancellation), cancellation)
            : SummedAsync(updates, plan, norm, cancellation);

    /// <summary>Of a round of which nothing can be had.</summary>
    public static MergedUpdates Nothing(RoundPlan plan) => new((model, _) => model.Pass(plan), []);

    /// <summary>Makes one of a secure sum that was revealed.</summary>
    /// <exception cref="InvalidDataException">It cannot be read any more.</exception>
    public async Task<MergedUpdates> OfSumAsync(KeptSum kept, RoundPlan plan, CancellationToken cancellation)
    {
        var revealed = await sums.ReadRevealedAsync(plan.Round, kept, cancellation).ConfigureAwait(false);
        var outcome = SumOutcome.Of(revealed, definition.Plan, definition.Layout, plan, SumSessions.NewSum(definition));
        return new MergedUpdates(outcome.Apply, outcome.Notes);
    }

    async Task<MergedUpdates> SummedAsync(IReadOnlyList<WeightedUpdate> updates, RoundPlan plan, double norm,
        CancellationToken cancellation)
    {
        var sum = await aggregator.SumAsync(updates, plan, cancellation).ConfigureAwait(false);
        double[] weights = definition.Plan.WeightsByCapacity(
            updates.Select(update => KeyValuePair.Create(update.Update.Client, update.Update.Samples)));
        return new MergedUpdates((model, noise) => model.Apply(sum, weights, updates.Count, noise, plan.UsualNorm, norm,
            plan), []);
    }

    MergedUpdates Compared(RobustRule rule, IReadOnlyList<WeightedUpdate> updates, RoundPlan plan, double norm,
        CancellationToken cancellation)
    {
        var sum = new RoundSum(definition.Plan, definition.Layout, definition.Key, contributors: 1, Environment.ProcessorCount);
        sum.Begin(plan, published);
        var messages = new RoundMessages(sum,
            [.. updates.Select(update =>
                new RoundMessage(update.Update.Client, update.Update.IsFloats, () => Read(update.Update, cancellation)))]);
        try
        {
            var root = RootUpdate.Of(definition.Root, definition.Plan, definition.Key, plan.Round, published(0));
            var outcome = messages.Combine(definition.Plan, plan, root);
            return new MergedUpdates((model, _) => model.Apply(outcome.Mean, updates.Count, norm, plan),
                [.. messages.Notes(rule, outcome)]);
        }
        catch (InvalidPayloadException broken)
        {
            throw new InvalidDataException(
                $"An update of round {plan.Round} was taken in, but cannot be read any more: {broken.Message}", broken);
        }
    }

    // On a thread of its own: a rule reads updates in the midst of its numbers, some of them more than once.
    ReadOnlyMemory<byte> Read(ArrivedUpdate update, CancellationToken cancellation)
    {
        var bytes = new byte[update.Length];
        return stored.ReadAsync(update, bytes, cancellation).GetAwaiter().GetResult()
            ? bytes
            : throw new InvalidDataException(
                $"The update of client {update.Client} in round {update.Round} was taken in, but its bytes do not have its "
                    + $"hash any more.");
    }
}
