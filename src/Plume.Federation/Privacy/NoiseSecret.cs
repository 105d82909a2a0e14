using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Plume.Federation.Privacy.Draws;

namespace Plume.Federation.Privacy;

/// <summary>
/// Where a federation's noise comes from: 32 bytes that nobody but the server may know, durable before they are used. The noise
/// of a version is a function of them, the version and the very sum that it is added to: a version that is made again of the same
/// sum has the same noise, and one that is made of another has noise of its own, so that no two releases share any.
/// </summary>
/// <remarks>AES-256 in counter mode under a key by HKDF-SHA256.</remarks>
public sealed class NoiseSecret
{
    /// <summary>Bytes of a secret.</summary>
    public const int Length = 32;

    readonly byte[] secret;

    /// <summary>A secret that was kept.</summary>
    /// <param name="secret">Its bytes.</param>
    /// <exception cref="ArgumentException">They are not 32.</exception>
    public NoiseSecret(ReadOnlySpan<byte> secret)
    {
        if (secret.Length != Length)
            throw new ArgumentException($"The secret of a federation's noise has {Length} bytes, but there are {secret.Length}.",
                nameof(secret));
        this.secret = secret.ToArray();
    }

    /// <summary>A secret that is none: that of a simulation, whose bits follow from its seed.</summary>
    public static NoiseSecret FromSeed(ulong seed)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, seed);
        return new NoiseSecret(SHA256.HashData([.. "plume simulated noise"u8, .. bytes]));
    }

    /// <summary>The noise of a version.</summary>
    /// <param name="version">From 1.</param>
    /// <param name="sum">What it is added to.</param>
    internal GaussianNoise Of(int version, ReadOnlySpan<long> sum)
    {
        byte[] salt = SHA256.HashData(MemoryMarshal.AsBytes(sum));
        return new GaussianNoise(
            HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, Length, salt, Encoding.UTF8.GetBytes($"plume noise {version}")));
    }
}
