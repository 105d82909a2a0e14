using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Plume.Cli.Report;

/// <summary>A sample as a picture: a PNG of 8-bit grey or red, green and blue, a pixel for each value or three.</summary>
/// <remarks>Source: W3C, "Portable Network Graphics (PNG) Specification (Second Edition)", 2003.</remarks>
static class PixelPicture
{
    const int ChunkFrame = 12;

    /// <summary>Whether samples of a shape are pictures: [height, width], or with one or three channels in front.</summary>
    public static bool Fits(IReadOnlyList<int> shape) => shape is [> 1, > 1] or [1 or 3, > 1, > 1];

    /// <summary>The bytes of a picture.</summary>
    /// <param name="values">One sample, channel by channel.</param>
    /// <param name="shape">Its shape, which fits.</param>
    /// <param name="range">The values that become black and white; others are held to them.</param>
    public static byte[] Png(ReadOnlySpan<float> values, IReadOnlyList<int> shape, (float Low, float High) range)
    {
        int channels = shape.Count == 3 ? shape[0] : 1, height = shape[^2], width = shape[^1];
        var rows = new byte[height * (1 + width * channels)];
        float scale = range.High > range.Low ? byte.MaxValue / (range.High - range.Low) : 0;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width * channels; x++)
            {
                float value = values[(x % channels * height + y) * width + x / channels];
                rows[y * (1 + width * channels) + 1 + x] =
                    (byte)Math.Round(Math.Clamp((value - range.Low) * scale, 0, byte.MaxValue));
            }
        }

        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, channels == 3 ? (byte)2 : (byte)0);
        return [0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n', .. Chunk("IHDR", header), .. Chunk("IDAT", Packed(rows)),
            .. Chunk("IEND", [])];
    }

    static byte[] Packed(byte[] rows)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            zlib.Write(rows);
        return packed.ToArray();
    }

    static byte[] Chunk(string type, ReadOnlySpan<byte> data)
    {
        var chunk = new byte[ChunkFrame + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
        }

        return ~crc;
    }
}
