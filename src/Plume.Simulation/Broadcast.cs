using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Simulation;

/// <summary>
/// The models that clients see. Each version is encoded once; what its codec dropped stays in the difference to the
/// next, because the difference is always taken from what was really published.
/// </summary>
/// <remarks>
/// A client that missed versions catches up by the shortest of: the payloads of all of them; with a codec whose levels are
/// multiples of one step (<see cref="Codec.ForSums"/>), one payload that holds their sum; the whole model in 32-bit floats.
/// Without <c>delta</c> it takes the last version's payload. Version 0 is known to all and costs nothing; with such a codec
/// it is rounded to a small part of the step, so that all sums of floats are exact whichever way a client came.
/// </remarks>
sealed class Broadcast
{
    readonly Codec codec;
    readonly PayloadEncoder encoder;
    readonly PayloadDecoder decoder;
    readonly PublishedSums? sums;
    readonly long wholeLength;
    readonly int window;
    readonly RandomKey key;
    readonly List<long> lengths = [];
    readonly Dictionary<int, long> catchUps = [];

    // The models of the newest versions, and between each two of them the payload that makes the one of the other.
    readonly List<float[]> models = [];
    readonly List<byte[]> payloads = [];
    byte[] lastPayload = [];
    ReadOnlyMemory<float> lastReference;

    public Broadcast(Codec codec, ModelLayout layout, float[] initial, RandomKey key, int threads, long historyMemory)
    {
        if (codec.Remembers)
            throw new ArgumentException($"The downlink '{codec}' must not begin with feedback: what it drops stays in the difference to the next version. Write 'delta | ...' instead.", nameof(codec));
        (this.codec, this.key) = (codec, key.Fold("broadcast"));
        encoder = new PayloadEncoder(codec, layout) { Parallelism = threads };
        decoder = new PayloadDecoder(codec, layout) { Parallelism = threads };
        wholeLength = new PayloadEncoder(Codec.Parse("pack"), layout).Encode(initial, default).Length;
        float[] first = [.. initial];
        if (codec.ForSums is { } forSums)
        {
            sums = new PublishedSums(forSums, layout, threads);
            PublishedSums.Align(first, codec.SumStep);
            window = (int)Math.Clamp(historyMemory / (4L * Math.Max(1, layout.Length)), 1, 1 << 20);
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
    public float[] Published => models[^1];

    /// <summary>Bytes of each version's payload, from version 1 on.</summary>
    public IReadOnlyList<long> Lengths => lengths;

    /// <summary>The oldest model that is kept, and the payloads that lead from it to the newest.</summary>
    public (float[] Oldest, IReadOnlyList<byte[]> Payloads) History => (models[0], payloads);

    /// <summary>Encodes the next version and publishes what it decodes to.</summary>
    public void Publish(ReadOnlyMemory<float> model)
    {
        lastReference = codec.UsesReference ? Published : default;
        byte[] payload = encoder.Encode(model, KeyOf(Version + 1), reference: lastReference).ToArray();
        Append(payload);
        lastPayload = payload;
        lengths.Add(payload.Length);
        catchUps.Clear();
    }

    /// <summary>Bytes that a client downloads to come from one version to the newest.</summary>
    public long BytesFrom(int version)
    {
        if (version == Version)
            return 0;
        if (!codec.UsesReference)
            return lengths[^1];
        if (!catchUps.TryGetValue(version, out long bytes))
            catchUps[version] = bytes = Math.Min(Chain(version), Math.Min(wholeLength, SumFrom(version)));
        return bytes;
    }

    /// <summary>Bits that each tensor takes in the newest payload, in the order of the layout; empty before the first.</summary>
    public IReadOnlyList<long> MeasureLast() => lastPayload.Length == 0 ? [] : decoder.MeasureTensors(lastPayload, KeyOf(Version), lastReference);

    /// <summary>Goes back to where an earlier run stopped.</summary>
    public void Restore(float[] oldest, IEnumerable<byte[]> payloadsSince, IReadOnlyList<long> lengthsSoFar)
    {
        models.Clear();
        payloads.Clear();
        models.Add(oldest);
        lengths.Clear();
        var since = payloadsSince.ToList();
        lengths.AddRange(lengthsSoFar.Take(lengthsSoFar.Count - since.Count));
        foreach (byte[] payload in since)
        {
            Append(payload);
            lengths.Add(payload.Length);
        }
    }

    void Append(byte[] payload)
    {
        var next = new float[Published.Length];
        decoder.Decode(payload, next, KeyOf(Version + 1), codec.UsesReference ? Published : default);
        models.Add(next);
        payloads.Add(payload);
        if (models.Count <= window)
            return;
        models.RemoveAt(0);
        payloads.RemoveAt(0);
    }

    long Chain(int version)
    {
        long chain = 0;
        for (int missed = version; missed < Version; missed++)
            chain += lengths[missed];
        return chain;
    }

    long SumFrom(int version)
    {
        int kept = models.Count - 1 - (Version - version);
        return sums is null || kept < 0 || version == Version - 1 ? long.MaxValue : sums.LengthOf(models[kept], Published);
    }

    RandomKey KeyOf(int version) => key.Fold((ulong)version);
}
