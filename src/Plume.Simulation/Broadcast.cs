using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;

namespace Plume.Simulation;

/// <summary>
/// The models that clients see. Each version is encoded once; what its codec dropped stays in the difference to the
/// next, because the difference is always taken from what was really published.
/// </summary>
/// <remarks>
/// With <c>delta</c> a client catches up by the payloads of all versions that it missed, or by the whole model in 32-bit
/// floats where that is smaller; without, by the last version's payload. Version 0 is known to all and costs nothing.
/// </remarks>
sealed class Broadcast
{
    readonly Codec codec;
    readonly PayloadEncoder encoder;
    readonly PayloadDecoder decoder;
    readonly long wholeLength;
    readonly RandomKey key;
    readonly List<long> lengths = [];

    public Broadcast(Codec codec, ModelLayout layout, float[] initial, RandomKey key, int threads)
    {
        if (codec.Remembers)
            throw new ArgumentException($"The downlink '{codec}' must not begin with feedback: what it drops stays in the difference to the next version. Write 'delta | ...' instead.", nameof(codec));
        (this.codec, this.key) = (codec, key.Fold("broadcast"));
        encoder = new PayloadEncoder(codec, layout) { Parallelism = threads };
        decoder = new PayloadDecoder(codec, layout) { Parallelism = threads };
        wholeLength = new PayloadEncoder(Codec.Parse("pack"), layout).Encode(initial, default).Length;
        Published = [.. initial];
    }

    /// <summary>The version that clients start from.</summary>
    public int Version => lengths.Count;

    /// <summary>The model that clients decode.</summary>
    public float[] Published { get; private set; }

    /// <summary>Bytes of each version's payload, from version 1 on.</summary>
    public IReadOnlyList<long> Lengths => lengths;

    /// <summary>Encodes the next version and publishes what it decodes to.</summary>
    public void Publish(ReadOnlyMemory<float> model)
    {
        var draws = key.Fold((ulong)lengths.Count + 1);
        ReadOnlyMemory<float> reference = codec.UsesReference ? Published : default;
        var payload = encoder.Encode(model, draws, reference: reference);
        var decoded = new float[Published.Length];
        decoder.Decode(payload, decoded, draws, reference);
        Published = decoded;
        lengths.Add(payload.Length);
    }

    /// <summary>Bytes that a client downloads to come from one version to the newest.</summary>
    public long BytesFrom(int version)
    {
        if (version == Version)
            return 0;
        if (!codec.UsesReference)
            return lengths[^1];
        long chain = 0;
        for (int missed = version; missed < Version; missed++)
            chain += lengths[missed];
        return Math.Min(chain, wholeLength);
    }

    /// <summary>Goes back to where an earlier run stopped.</summary>
    public void Restore(float[] published, IEnumerable<long> lengthsSoFar)
    {
        Published = published;
        lengths.Clear();
        lengths.AddRange(lengthsSoFar);
    }
}
