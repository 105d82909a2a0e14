using System.Buffers.Binary;
using System.Security.Cryptography;
using Plume.Protocol.V1;

namespace Plume.Protocol;

/// <summary>
/// Tells whether an update that came in one message is what was sent, at eight bytes: who it is of and what it weighs, too, which
/// without TLS nothing else vouches for.
/// </summary>
public static class WholeUpdateCheck
{
    const int NumberBytes = 4 * sizeof(uint) + sizeof(double);

    /// <summary>What <see cref="WholeUpdate.Check"/> must be.</summary>
    public static ulong Of(WholeUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        Span<byte> numbers = stackalloc byte[NumberBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(numbers, update.Round);
        BinaryPrimitives.WriteUInt32LittleEndian(numbers[4..], update.Attempt);
        BinaryPrimitives.WriteUInt32LittleEndian(numbers[8..], update.ModelVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(numbers[12..], update.Samples);
        BinaryPrimitives.WriteDoubleLittleEndian(numbers[16..], update.Loss);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(numbers);
        hash.AppendData(update.Payload.Span);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash.GetHashAndReset());
    }
}
