using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Plume.Federation.Privacy.Draws;

/// <summary>The random bits of a key, a piece at a time: AES-256 in counter mode, from counter 0.</summary>
sealed class KeyStream : IDisposable
{
    const int BlockBytes = 16;
    const int Blocks = 1024;

    readonly Aes cipher;
    readonly byte[] counters = new byte[Blocks * BlockBytes];
    readonly byte[] stream = new byte[Blocks * BlockBytes];
    ulong block;

    /// <summary>A stream from its beginning.</summary>
    /// <param name="key">32 bytes, for this stream alone.</param>
    public KeyStream(byte[] key)
    {
        cipher = Aes.Create();
        cipher.Key = key;
    }

    /// <summary>The next 2,048 words, valid until the next call.</summary>
    public ReadOnlySpan<ulong> Next()
    {
        for (int i = 0; i < Blocks; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(counters.AsSpan(i * BlockBytes), block++);
        cipher.EncryptEcb(counters, stream, PaddingMode.None);
        return MemoryMarshal.Cast<byte, ulong>(stream);
    }

    /// <summary>Forgets the key, and what it drew last.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(stream);
        cipher.Dispose();
    }
}
