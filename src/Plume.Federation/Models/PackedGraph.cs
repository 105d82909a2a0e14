using System.IO.Compression;
using Plume.Compression.Wire;

namespace Plume.Federation.Models;

/// <summary>A graph as it travels: an ONNX file packed by gzip.</summary>
public static class PackedGraph
{
    const int BufferBytes = 64 << 10;

    /// <summary>Packs an ONNX file.</summary>
    public static byte[] Pack(ReadOnlySpan<byte> file)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            gzip.Write(file);
        return packed.ToArray();
    }

    /// <summary>Gives the ONNX file.</summary>
    /// <param name="packed">What came.</param>
    /// <param name="longest">Most bytes that the file may have: packed bytes may stand for a thousand times as many.</param>
    /// <exception cref="InvalidPayloadException">The bytes are not packed by gzip, or stand for more than that.</exception>
    public static byte[] Unpack(ReadOnlyMemory<byte> packed, long longest)
    {
        using var file = new MemoryStream();
        using var source = new MemoryStream(packed.ToArray(), writable: false);
        using var unpacked = new GZipStream(source, CompressionMode.Decompress);
        byte[] buffer = new byte[BufferBytes];
        try
        {
            for (int read = unpacked.Read(buffer); read > 0; read = unpacked.Read(buffer))
            {
                if (file.Length + read > longest)
                    throw new InvalidPayloadException(
                        $"The graph must have at most {longest} bytes, but what came stands for more.");
                file.Write(buffer.AsSpan(0, read));
            }
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidPayloadException($"The graph must be packed by gzip, but what came is not: {problem.Message}");
        }

        return file.ToArray();
    }
}
