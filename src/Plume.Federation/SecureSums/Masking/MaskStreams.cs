using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Plume.Federation.SecureSums.Masking;

/// <summary>A stream of words that is added or taken away.</summary>
/// <param name="Key">32 bytes, used for this stream alone.</param>
/// <param name="Subtracts">Whether it is taken away.</param>
public readonly record struct Mask(byte[] Key, bool Subtracts);

/// <summary>Adds masks to words modulo 2^32.</summary>
/// <remarks>
/// Formula: the key-stream of AES-256 in counter mode from counter 0, four bytes a word, little-endian. A pass goes through the
/// words in pieces that stay in the core's cache, and through all masks for each piece, so that counters are written once for all
/// of them. Source: NIST SP 800-38A, 6.5.
/// </remarks>
public static class MaskStreams
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyBytes = 32;

    const int PieceBytes = 16 << 10;
    const int PieceWords = PieceBytes / sizeof(uint);
    const int BlockBytes = 16;

    // Masks whose ciphers stand ready at a time.
    const int Group = 256;

    /// <summary>Adds masks to words.</summary>
    /// <param name="words">The words.</param>
    /// <param name="masks">The masks.</param>
    /// <param name="threads">Threads, each at work on words of its own; the sum does not depend on it.</param>
    public static void Apply(Memory<uint> words, IReadOnlyList<Mask> masks, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(masks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        int pieces = (words.Length + PieceWords - 1) / PieceWords;
        int parts = Math.Min(threads, Math.Max(1, pieces));
        if (parts == 1)
        {
            ApplyFrom(0, words, masks);
            return;
        }

        int each = (pieces + parts - 1) / parts;
        Parallel.For(0, (pieces + each - 1) / each, part =>
        {
            int start = part * each * PieceWords;
            ApplyFrom(part * each, words.Slice(start, Math.Min(each * PieceWords, words.Length - start)), masks);
        });
    }

    static void ApplyFrom(int firstPiece, Memory<uint> words, IReadOnlyList<Mask> masks)
    {
        byte[] counters = new byte[PieceBytes], stream = new byte[PieceBytes];
        var ciphers = new ICryptoTransform[Math.Min(Group, masks.Count)];
        for (int first = 0; first < masks.Count; first += Group)
        {
            int count = Math.Min(Group, masks.Count - first);
            for (int i = 0; i < count; i++)
                ciphers[i] = CipherOf(masks[first + i].Key);
            for (int start = 0; start < words.Length; start += PieceWords)
            {
                var piece = words.Span.Slice(start, Math.Min(PieceWords, words.Length - start));
                int bytes = (sizeof(uint) * piece.Length + BlockBytes - 1) / BlockBytes * BlockBytes;
                Count(counters.AsSpan(0, bytes), (firstPiece + (long)start / PieceWords) * (PieceBytes / BlockBytes));
                for (int i = 0; i < count; i++)
                {
                    ciphers[i].TransformBlock(counters, 0, bytes, stream, 0);
                    Add(piece, stream, masks[first + i].Subtracts);
                }
            }

            foreach (var cipher in ciphers.AsSpan(0, count))
                cipher.Dispose();
        }

        CryptographicOperations.ZeroMemory(stream);
    }

    static ICryptoTransform CipherOf(byte[] key)
    {
        using var aes = Aes.Create();
        // The counters below make a stream of it; no block is ever the same as another.
#pragma warning disable CA5358
        aes.Mode = CipherMode.ECB;
#pragma warning restore CA5358
        aes.Padding = PaddingMode.None;
        return aes.CreateEncryptor(key, null);
    }

    // 128-bit big-endian counters whose upper half stays 0.
    static void Count(Span<byte> counters, long first)
    {
        for (int place = 0; place < counters.Length; place += BlockBytes)
            BinaryPrimitives.WriteInt64BigEndian(counters[(place + sizeof(long))..], first++);
    }

    static void Add(Span<uint> words, byte[] stream, bool subtracts)
    {
        var mask = MemoryMarshal.Cast<byte, uint>(stream)[..words.Length];
        if (!BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(mask, MemoryMarshal.Cast<byte, uint>(stream.AsSpan()));
        if (subtracts)
            TensorPrimitives.Subtract(words, mask, words);
        else
            TensorPrimitives.Add(words, mask, words);
    }
}
