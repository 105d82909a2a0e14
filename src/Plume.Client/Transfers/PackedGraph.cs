using System.IO.Compression;
using Plume.Compression.Container;

namespace Plume.Client.Transfers;

/// <summary>A graph as it travels: an ONNX file packed by gzip.</summary>
static class PackedGraph
{
    const int BufferBytes = 64 << 10;

    /// <summary>Gives the ONNX file.</summary>
    /// <param name="packed">What the server sent.</param>
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
                    throw new InvalidPayloadException($"The graph must have at most {longest} bytes, but what the server sent stands for more.");
                file.Write(buffer.AsSpan(0, read));
            }
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidPayloadException($"The graph must be packed by gzip, but what the server sent is not: {problem.Message}");
        }

        return file.ToArray();
    }
}
