using System.Buffers.Binary;
using System.IO.Compression;
using Plume.Compression.Container;

namespace Plume.Learning.Data;

/// <summary>
/// Reads files of unsigned bytes in the IDX format of the MNIST family (a magic, the dimensions, the bytes), gzipped or
/// not.
/// </summary>
static class IdxFile
{
    const int MaxValues = 1 << 30;
    const int BytesType = 0x08;

    /// <summary>Reads the dimensions, then hands the bytes over in order and in pieces, so that no second copy is held.</summary>
    /// <exception cref="InvalidPayloadException">The file breaks the format; the message names the file.</exception>
    public static int[] Read(string path, int rank, Action<int[]> begin, Action<int, ReadOnlyMemory<byte>> take)
    {
        using var file = File.OpenRead(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        try
        {
            int[] dimensions = ReadDimensions(stream, path, rank);
            begin(dimensions);
            TakeBytes(stream, path, dimensions.Aggregate(1, (product, dimension) => product * dimension), take);
            return dimensions;
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidPayloadException($"File '{path}' is not valid gzip: {damage.Message}", damage);
        }
    }

    static int[] ReadDimensions(Stream stream, string path, int rank)
    {
        var header = new byte[4 + 4 * rank];
        int have = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (have < header.Length)
            throw new InvalidPayloadException($"File '{path}' is cut: its header needs {header.Length} bytes, but it has {have}.");
        if (header[0] != 0 || header[1] != 0 || header[2] != BytesType || header[3] != rank)
            throw new InvalidPayloadException($"File '{path}' must begin with 00 00 08 {rank:x2} (bytes in {rank} dimensions), but begins with {Convert.ToHexStringLower(header.AsSpan(0, 4))}.");
        var dimensions = new int[rank];
        long values = 1;
        for (int i = 0; i < rank; i++)
        {
            uint dimension = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4 + 4 * i));
            values = Math.Min(values * Math.Min(dimension, MaxValues + 1L), MaxValues + 1L);
            dimensions[i] = (int)Math.Min(dimension, int.MaxValue);
        }

        return values <= MaxValues ? dimensions : throw new InvalidPayloadException($"File '{path}' declares {string.Join(" x ", dimensions)} values; at most {MaxValues} are read.");
    }

    static void TakeBytes(Stream stream, string path, int need, Action<int, ReadOnlyMemory<byte>> take)
    {
        var buffer = new byte[1 << 16];
        int have = 0;
        while (have < need)
        {
            int read = stream.Read(buffer, 0, Math.Min(buffer.Length, need - have));
            if (read == 0)
                throw new InvalidPayloadException($"File '{path}' is cut: {need} bytes of data are declared, but it has {have}.");
            take(have, buffer.AsMemory(0, read));
            have += read;
        }

        if (stream.ReadByte() >= 0)
            throw new InvalidPayloadException($"File '{path}' has more than the {need} bytes of data that it declares.");
    }
}
