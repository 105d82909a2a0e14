using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using ZstdSharp;

namespace Plume.Models.Container;

/// <summary>Whole models as .plume files: the weights through a codec, the graph beside them.</summary>
public static class CompressedModel
{
    // A graph without weights is small; what is larger than its weights would be, and this, is no graph of ours.
    const long MostGraphBytes = 64L << 20;

    /// <summary>Compresses a model.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="codec">What the weights go through. It must remember nothing: a file is made once.</param>
    /// <param name="reference">The model that a codec with <c>delta</c> takes the difference from; null for others.</param>
    /// <exception cref="ArgumentException">The codec has feedback, or the reference is missing or has another layout.</exception>
    public static PlumeFile Compress(ModelGraph graph, Codec codec, ModelWeights? reference = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        // With zeros for weights the graph's bytes are all structure, and the zeros vanish in the compression.
        byte[] skeleton = OnnxFile.Write(IntegerWeights.Clear(graph.With(new ModelWeights(graph.Weights))));
        using var compressor = new Compressor(level: 19);
        return Compress(graph.ToWeights(), codec, reference) with
        {
            Graph = compressor.Wrap(skeleton).ToArray(),
            Integers = IntegerWeights.Compress(graph),
        };
    }

    /// <summary>Compresses weights alone.</summary>
    /// <exception cref="ArgumentException">As for a whole model.</exception>
    public static PlumeFile Compress(ModelWeights weights, Codec codec, ModelWeights? reference = null)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(codec);
        if (codec.Remembers)
            throw new ArgumentException($"Codec '{codec}' has feedback, but a file is made once and nothing is sent later; leave 'feedback' out.", nameof(codec));
        if (codec.UsesReference && (reference is null || !reference.Layout.Equals(weights.Layout)))
            throw new ArgumentException($"Codec '{codec}' has delta, which needs a reference model of the same tensors.", nameof(reference));
        var values = codec.UsesReference ? reference!.Values : [];
        var key = RandomKey.FromSeed(PlumeFile.HashOf(weights.Values));
        var payload = new PayloadEncoder(codec, weights.Layout).Encode(weights.Values, key, reference: values).ToArray();
        return new PlumeFile(codec, weights.Layout, payload, key.Value) { ReferenceHash = codec.UsesReference ? PlumeFile.HashOf(values) : 0 };
    }

    /// <summary>The model in a file, or null where the file has weights only.</summary>
    /// <param name="file">The file.</param>
    /// <param name="reference">The reference model's values where the codec needs one; empty otherwise.</param>
    /// <exception cref="InvalidPayloadException">The graph or the payload breaks a rule.</exception>
    /// <exception cref="ArgumentException">The reference is missing or is another.</exception>
    public static ModelGraph? Decompress(PlumeFile file, ReadOnlyMemory<float> reference = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Graph.IsEmpty)
            return null;
        var graph = OnnxFile.Read(Unwrap(file));
        if (!graph.Weights.Equals(file.Layout))
            throw new InvalidPayloadException("The file's graph and its layout are of different models.");
        graph = graph.With(file.Decode(reference));
        return file.Integers is { } integers ? IntegerWeights.Place(graph, integers) : graph;
    }

    static byte[] Unwrap(PlumeFile file)
    {
        try
        {
            using var decompressor = new Decompressor();
            ulong length = Decompressor.GetDecompressedSize(file.Graph.Span);
            return length <= (ulong)(MostGraphBytes + 4L * file.Layout.Length)
                ? decompressor.Unwrap(file.Graph.Span).ToArray()
                : throw InvalidPayloadException.Field("graph", 0, $"of {length} bytes", $"must be at most {MostGraphBytes} larger than its weights");
        }
        catch (ZstdException damage)
        {
            throw new InvalidPayloadException($"The file's graph is damaged: {damage.Message}.", damage);
        }
    }
}
