using Plume.Compression.Container;
using Plume.Compression.Wire;
using ZstdSharp;

namespace Plume.Models.Container;

/// <summary>What a model's file has beside the values of its weights, compressed.</summary>
static class Skeleton
{
    // A graph without weights is small; what is larger than its weights would be, and this, is no graph of ours, unless its bytes
    // are there.
    const long MostGraphBytes = 64L << 20, MostExpansion = 32_768;

    public static byte[] Pack(byte[] bytes)
    {
        using var compressor = new Compressor(level: bytes.Length < MostGraphBytes ? 19 : 3);
        return compressor.Wrap(bytes).ToArray();
    }

    /// <exception cref="InvalidPayloadException">The bytes are damaged, or would be far more than they can be.</exception>
    public static byte[] Unpack(PlumeFile file)
    {
        try
        {
            using var decompressor = new Decompressor();
            ulong length = Decompressor.GetDecompressedSize(file.Graph.Span);
            long most = MostGraphBytes + 4L * file.Layout.Length + MostExpansion * file.Graph.Length;
            return length <= (ulong)Math.Min(most, Array.MaxLength)
                ? decompressor.Unwrap(file.Graph.Span).ToArray()
                : throw InvalidPayloadException.Field("graph", 0, $"of {length} bytes",
                    $"must be at most {MostGraphBytes} larger than its weights");
        }
        catch (ZstdException damage)
        {
            throw new InvalidPayloadException($"The file's graph is damaged: {damage.Message}.", damage);
        }
    }
}
