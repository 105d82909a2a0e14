using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Federation.Rounds;

namespace Plume.Federation.Models;

/// <summary>
/// The models that clients see. Each version is encoded once; what its codec dropped stays in the difference to the
/// next, because the difference is always taken from what was really published.
/// </summary>
/// <remarks>
/// A client that missed versions catches up by the shortest of: the payloads of all of them; with a codec whose levels are
/// multiples of one step (<see cref="MessageShape.ForSums"/>), one payload that holds their sum; the whole model in 32-bit
/// floats, or with such a codec as digits of its levels (<see cref="WholeLevels"/>). Without <c>delta</c> it takes the last
/// version's payload. With a codec for sums version 0 is rounded to a small part of the step, so that all sums of floats are
/// exact whichever way a client came.
/// </remarks>
public sealed class Broadcast
{
    // Of the floats: where a catch-up is shorter, a whole model as digits is not tried.
    const int LeastPart = 8;

    readonly MessageShape shape;
    readonly MessageEncoder encoder;
    readonly MessageDecoder decoder;
    readonly MessageEncoder wholeEncoder;
    readonly PublishedSums? sums;
    readonly int threads;
    readonly long wholeLength;
    readonly int window;
    readonly RandomKey key;
    readonly List<long> lengths = [];
    readonly Dictionary<(int From, bool TakesLevels), CatchUp> catchUps = [];

    // The models of the newest versions, and between each two of them the payload that makes the one of the other.
    readonly List<float[]> models = [];
    readonly List<byte[]> payloads = [];
    byte[] lastPayload = [];
    CatchUp? wholeLevels;
    ReadOnlyMemory<float> lastReference;

    /// <summary>A broadcast whose version 0 is a model.</summary>
    /// <param name="shape">What is published, by the downlink's codec.</param>
    /// <param name="initial">Version 0 before rounding.</param>
    /// <param name="key">Of the run.</param>
    /// <param name="threads">Threads that encode and decode.</param>
    /// <param name="historyMemory">Bytes that earlier models may take.</param>
    /// <exception cref="ArgumentException">A codec begins with feedback.</exception>
    public Broadcast(MessageShape shape, ReadOnlySpan<float> initial, RandomKey key, int threads, long historyMemory)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Parts.FirstOrDefault(part => part.Codec.Remembers) is { Codec: var codec })
            throw new ArgumentException(
                $"The downlink '{codec}' must not begin with feedback: what it drops stays in the difference to the next "
                    + $"version. Write 'delta | ...' instead.", nameof(shape));
        (this.shape, this.key, this.threads) = (shape, DrawKeys.Downlink(key), threads);
        encoder = new MessageEncoder(shape, threads);
        decoder = new MessageDecoder(shape, threads);
        wholeEncoder = new MessageEncoder(ReceivedModel.AsFloats(shape));
        float[] first = [.. initial];
        wholeLength = wholeEncoder.Encode(first, default).Length;
        if (shape.ForSums is { } forSums)
        {
            sums = new PublishedSums(forSums, threads);
            PublishedSums.Align(shape, first);
            window = (int)Math.Clamp(historyMemory / (4L * Math.Max(1, shape.Length)), 1, 1 << 20);
        }
        else
        {
            window = 1;
        }

        models.Add(first);
    }

    /// <summary>The version that clients start from.</summary>
    public int Version => lengths.Count;

    /// <summary>The model that clients decode.</summary>
    public ReadOnlyMemory<float> Published => models[^1];

    /// <summary>Bytes of each version's payload, from version 1 on.</summary>
    public IReadOnlyList<long> Lengths => lengths;

    /// <summary>
    /// The first version whose own payload may still be on a client's way: the payloads from an earlier one on are longer than
    /// the whole model. One above <see cref="Version"/> where no payload is.
    /// </summary>
    public int FirstOfUse
    {
        get
        {
            if (!shape.UsesReference)
                return Math.Max(1, Version);
            int first = Version + 1;
            for (long length = 0; first > 1 && (length += lengths[first - 2]) <= wholeLength; first--)
            {
            }

            return first;
        }
    }

    /// <summary>Encodes the next version and publishes what it decodes to.</summary>
    /// <param name="model">All that is published, exact.</param>
    /// <param name="step">Of an <c>auto</c>; found by trying where null.</param>
    /// <param name="most">Bytes that an <c>auto</c> is to keep to, by a coarser step where its own takes more.</param>
    /// <returns>The payload.</returns>
    public byte[] Publish(ReadOnlyMemory<float> model, float? step = null, long? most = null)
    {
        lastReference = shape.UsesReference ? Published : default;
        byte[] payload = encoder.Encode(model, KeyOf(Version + 1), reference: lastReference, step: step, most: most)
            .ToArray();
        Append(payload);
        lastPayload = payload;
        lengths.Add(payload.Length);
        Forget();
        return payload;
    }

    /// <summary>What leads a client that has a version, or none, to the newest.</summary>
    /// <param name="version">The version that it has; null for none.</param>
    /// <param name="takesLevels">Whether it reads a whole model as digits; those of earlier releases do not.</param>
    public CatchUp From(int? version, bool takesLevels = true)
    {
        if (version is null)
            return Whole(takesLevels);
        ArgumentOutOfRangeException.ThrowIfNegative(version.Value, nameof(version));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version.Value, Version, nameof(version));
        if (version == Version)
            return CatchUp.None;
        if (!catchUps.TryGetValue((version.Value, takesLevels), out var way))
            catchUps[(version.Value, takesLevels)] = way = Shortest(version.Value, takesLevels);
        return way;
    }

    /// <summary>Bits that each tensor takes in the newest payload, in the order of the layout; empty before the first.</summary>
    public IReadOnlyList<long> MeasureLast() => lastPayload.Length == 0 ? []
        : decoder.MeasureTensors(lastPayload, KeyOf(Version), lastReference);

    /// <summary>All that a later run needs to go on from here.</summary>
    public KeptBroadcast Keep() => new(models[0], [.. payloads], [.. lengths]);

    /// <summary>Goes back to where an earlier run stopped.</summary>
    public void Restore(KeptBroadcast kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        models.Clear();
        payloads.Clear();
        models.Add(kept.Oldest);
        lengths.Clear();
        Forget();
        lengths.AddRange(kept.Lengths.Take(kept.Lengths.Count - kept.Payloads.Count));
        foreach (byte[] payload in kept.Payloads)
        {
            Append(payload);
            lengths.Add(payload.Length);
        }
    }

    void Append(byte[] payload)
    {
        var next = new float[Published.Length];
        decoder.Decode(payload, next, KeyOf(Version + 1), shape.UsesReference ? Published : default);
        models.Add(next);
        payloads.Add(payload);
        if (models.Count <= window)
            return;
        models.RemoveAt(0);
        payloads.RemoveAt(0);
    }

    void Forget()
    {
        catchUps.Clear();
        wholeLevels = null;
    }

    CatchUp Shortest(int version, bool takesLevels)
    {
        var chain = shape.UsesReference ? Chain(version) : new CatchUp([Missed(Version)]);
        if (!shape.UsesReference || version == Version - 1 && chain.Length <= wholeLength)
            return chain;
        var sum = Sum(version);
        var shorter = sum is not null && sum.Length < chain.Length ? sum : chain;
        // Digits of fewer bits than that are of a model that is nearly all zeros.
        if (shorter.Length <= wholeLength / LeastPart)
            return shorter;
        var whole = Whole(takesLevels);
        return whole.Length < shorter.Length ? whole : shorter;
    }

    CatchUp Whole(bool takesLevels)
    {
        if (!takesLevels || sums is null)
            return WholeOf(SegmentKind.Whole, wholeEncoder.Encode(Published, default).ToArray());
        return wholeLevels ??= new WholeLevels(shape, threads).Encode(Published.Span) is { } digits && digits.Length < wholeLength
            ? WholeOf(SegmentKind.Levels, digits) : Whole(takesLevels: false);
    }

    CatchUp WholeOf(SegmentKind kind, byte[] payload) =>
        new([new Segment(kind, 0, Version, payload.Length) { Payload = payload }]);

    CatchUp Chain(int version) => new([.. Enumerable.Range(version + 1, Version - version).Select(Missed)]);

    Segment Missed(int version) => new(SegmentKind.Version, version - 1, version, lengths[version - 1]);

    CatchUp? Sum(int version)
    {
        int kept = models.Count - 1 - (Version - version);
        return sums is null || kept < 0 || version == Version - 1 || sums.Encode(models[kept], models[^1]) is not { } payload
            ? null
            : new CatchUp([new Segment(SegmentKind.Sum, version, Version, payload.Length) { Payload = payload }]);
    }

    RandomKey KeyOf(int version) => key.Fold((ulong)version);
}
