using Plume.Compression.Aggregation;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Federation.Capacities;
using Plume.Federation.Rounds;

namespace Plume.Federation.Models;

/// <summary>Adds a round's messages up, those of each capacity for themselves. One caller at a time.</summary>
public sealed class RoundSum
{
    readonly FederationPlan plan;
    readonly RandomKey run;
    readonly int threads;
    readonly CapacityModels models;
    readonly bool hasBits;
    readonly MessageShape[] shapes;
    readonly MessageDecoder?[] decoders;
    readonly MessageDecoder?[] floats;
    readonly ExactSum[] sums;
    readonly ReadOnlyMemory<float>?[] references;
    RoundPlan round = FederationState.Initial.Current;
    Func<int, ReadOnlyMemory<float>> published = _ => default;
    double? clip;

    /// <summary>Sums of zeros.</summary>
    /// <param name="plan">The rules.</param>
    /// <param name="layout">The server's model.</param>
    /// <param name="run">The run's key.</param>
    /// <param name="contributors">Most messages that a round takes in.</param>
    /// <param name="threads">Threads that work on one message; the sum does not depend on it.</param>
    public RoundSum(FederationPlan plan, ModelLayout layout, RandomKey run, int contributors, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(plan);
        (this.plan, this.run, this.threads) = (plan, run, threads);
        (models, hasBits) = (plan.ModelsOf(layout), plan.Privacy?.Clip is not null);
        shapes = [.. models.Select(model => plan.Answer(model.Layout))];
        (decoders, floats) = (new MessageDecoder?[shapes.Length], new MessageDecoder?[shapes.Length]);
        references = new ReadOnlyMemory<float>?[shapes.Length];
        Sum = new ExactSum(LengthOf(plan, layout), contributors);
        sums = new ExactSum[shapes.Length];
        int offset = 0;
        for (int capacity = 0; capacity < sums.Length; offset += shapes[capacity++].Length)
            sums[capacity] = Sum.Slice(offset, shapes[capacity].Length);
    }

    /// <summary>
    /// The sums of all capacities, one after another; where the clip follows the norms of updates, behind them a half for each
    /// that was within it and minus a half for each other.
    /// </summary>
    public ExactSum Sum { get; }

    /// <summary>Values of <see cref="Sum"/>.</summary>
    public static int LengthOf(FederationPlan plan, ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(plan);
        int bits = plan.Privacy?.Clip is null ? 0 : 1;
        return checked(plan.ModelsOf(layout).Sum(model => plan.Answer(model.Layout).Length) + bits);
    }

    /// <summary>Begins a round, or another attempt at it, from zeros.</summary>
    /// <param name="begun">The round.</param>
    /// <param name="publishedTo">What was published to clients of a capacity.</param>
    public void Begin(RoundPlan begun, Func<int, ReadOnlyMemory<float>> publishedTo)
    {
        (round, published) = (begun, publishedTo);
        if (plan.ClipIn(begun) is { } norm && norm != clip)
            ClipTo(norm);
        Array.Clear(references);
        Sum.Clear();
    }

    /// <summary>Adds a message.</summary>
    /// <param name="part">Whose it is, and of which task.</param>
    /// <param name="weight">What it weighs.</param>
    /// <param name="payload">Its bytes.</param>
    /// <param name="isFloats">Whether it came as 32-bit floats, and not by the uplink's codec.</param>
    /// <returns>Its norm before it is weighted or bounded.</returns>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule; nothing was added.</exception>
    public double Add(RoundPart part, double weight, ReadOnlyMemory<byte> payload, bool isFloats = false)
    {
        int capacity = plan.Method.CapacityOf(part.Client);
        double usual = round.UsualNorm ?? double.PositiveInfinity, most = plan.NormFactor;
        var (body, bit) = Parted(payload, isFloats);
        double norm = isFloats
            ? FloatsOf(capacity).AddTo(body, sums[capacity], weight, default, default, usual, most)
            : DecoderOf(capacity).AddTo(body, sums[capacity], weight, KeyOf(part), ReferenceOf(capacity), usual, most);
        if (hasBits)
            Sum.Values[^1] += bit ?? norm <= usual ? Half : -Half;
        return norm;
    }

    /// <summary>Reads a message of the round, neither weighted nor bounded.</summary>
    /// <param name="client">Whose it is.</param>
    /// <param name="payload">Its bytes.</param>
    /// <param name="values">Receives its values.</param>
    /// <param name="isFloats">Whether it came as 32-bit floats, and not by the uplink's codec.</param>
    /// <exception cref="InvalidPayloadException">The payload breaks a rule.</exception>
    public void Decode(int client, ReadOnlyMemory<byte> payload, Memory<float> values, bool isFloats = false)
    {
        int capacity = plan.Method.CapacityOf(client);
        payload = Parted(payload, isFloats).Body;
        if (isFloats)
            FloatsOf(capacity).Decode(payload, values, default);
        else
            DecoderOf(capacity).Decode(payload, values, KeyOf(round.PartOf(client)), ReferenceOf(capacity));
    }

    /// <summary>Bits that each tensor takes in a message of the round.</summary>
    public IReadOnlyList<long> MeasureTensors(RoundPart part, ReadOnlyMemory<byte> payload)
    {
        int capacity = plan.Method.CapacityOf(part.Client);
        return DecoderOf(capacity).MeasureTensors(Parted(payload, isFloats: false).Body, KeyOf(part), ReferenceOf(capacity));
    }

    long Half => (long)(Sum.Scale / 2);

    // Where the clip follows the norms of updates, a message ends with whether its own was within; of floats, which are not
    // clipped, it is plain to see.
    (ReadOnlyMemory<byte> Body, bool? Bit) Parted(ReadOnlyMemory<byte> payload, bool isFloats)
    {
        if (!hasBits || isFloats)
            return (payload, null);
        if (payload.IsEmpty)
            throw InvalidPayloadException.Ends("whether it was clipped", 0, 1, 0);
        byte bit = payload.Span[^1];
        return bit <= 1 ? (payload[..^1], bit == 1)
            : throw InvalidPayloadException.Field("whether it was clipped", payload.Length - 1, bit, "must be 0 or 1");
    }

    // Another norm is another codec, of the same lengths.
    void ClipTo(double norm)
    {
        clip = norm;
        for (int capacity = 0; capacity < shapes.Length; capacity++)
            shapes[capacity] = plan.Method.Answer(models[capacity].Layout, plan.UplinkIn(round));
        Array.Clear(decoders);
    }

    MessageDecoder DecoderOf(int capacity) => decoders[capacity] ??= new MessageDecoder(shapes[capacity], threads);

    MessageDecoder FloatsOf(int capacity) =>
        floats[capacity] ??= new MessageDecoder(ReceivedModel.AsFloats(shapes[capacity]), threads);

    RandomKey KeyOf(RoundPart part) => DrawKeys.Update(DrawKeys.Task(run, part));

    ReadOnlyMemory<float> ReferenceOf(int capacity) =>
        shapes[capacity].UsesReference
            ? references[capacity] ??= plan.Method.Reference(models[capacity].Layout, published(capacity)) : default;
}
