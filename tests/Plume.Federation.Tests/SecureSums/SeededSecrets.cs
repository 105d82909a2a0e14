using System.Security.Cryptography;
using Plume.Compression.Randomness;

namespace Plume.Federation.Tests.SecureSums;

/// <summary>Secrets that a test can draw again.</summary>
sealed class SeededSecrets(ulong seed) : RandomNumberGenerator
{
    RandomDraws draws = new(RandomKey.FromSeed(seed));

    public override void GetBytes(byte[] data)
    {
        for (int i = 0; i < data.Length; i++)
            data[i] = (byte)draws.NextBits();
    }
}
