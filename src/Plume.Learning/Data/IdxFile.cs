using System.Buffers.Binary;
using Plume.Compression.Wire;

namespace Plume.Learning.Data;

/// <summary>
/// Reads files of unsigned bytes in the IDX format of the MNIST family: a magic, the dimensions, the bytes. Gzipped or not.
/// </summary>
static class IdxFile
{
    const int UnsignedBytes = 0x08, Piece = 1 << 16;

    /// <summary>Reads a file, each byte through a table, so that the bytes themselves are never held.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rank">Number of dimensions that it must have.</param>
    /// <param name="table">What stands for each of the 256 bytes.</param>
    /// <exception cref="InvalidPayloadException">The file breaks the format; the message names the file.</exception>
    public static (int[] Shape, T[] Values) Read<T>(string path, int rank, IReadOnlyList<T> table)
    {
        using var file = new PackedFile(path);
        int[] shape = ReadShape(file, path, rank);
        long count = CountOf(shape), most = Math.Min(file.Capacity - HeaderLength(rank), Array.MaxLength);
        if (count > most)
            throw file.Cut("data", count, most);

        T[] values = new T[count], entries = [.. table];
        byte[] piece = new byte[Math.Min(Piece, values.Length)];
        for (int done = 0; done < values.Length;)
        {
            var bytes = piece.AsSpan(0, Math.Min(piece.Length, values.Length - done));
            file.Fill(bytes, "data", count, done);
            foreach (byte value in bytes)
                values[done++] = entries[value];
        }

        return file.Read(new byte[1]) == 0
            ? (shape, values)
            : throw new InvalidPayloadException($"File '{path}' has more than the {count} bytes of data that it declares.");
    }

    static int HeaderLength(int rank) => 4 + 4 * rank;

    static int[] ReadShape(PackedFile file, string path, int rank)
    {
        byte[] header = new byte[HeaderLength(rank)];
        file.Fill(header, "header", header.Length);
        if (header.AsSpan(0, 4) is not [0, 0, UnsignedBytes, var dimensions] || dimensions != rank)
            throw new InvalidPayloadException(
                $"File '{path}' must begin with 0000{UnsignedBytes:x2}{rank:x2} (bytes in {rank} dimensions), but begins with "
                    + $"{Convert.ToHexStringLower(header.AsSpan(0, 4))}.");
        int[] shape = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            uint dimension = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4 + 4 * i));
            shape[i] = dimension is > 0 and <= int.MaxValue
                ? (int)dimension
                : throw new InvalidPayloadException(
                    $"File '{path}' has {dimension} as dimension {i + 1} of {rank}, but it must be in 1..{int.MaxValue}.");
        }

        return shape;
    }

    // Capped, not overflowing: no array is that long.
    static long CountOf(int[] shape) => shape.Aggregate(1L, (count, dimension) => Math.Min(count * dimension, 1L << 31));
}
