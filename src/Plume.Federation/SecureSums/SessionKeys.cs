using System.Security.Cryptography;
using Plume.Federation.SecureSums.Masking;
using Plume.Federation.SecureSums.Messages;

namespace Plume.Federation.SecureSums;

/// <summary>What a client draws for one session: the seeds of its own mask and of its mask key, and the two keys.</summary>
class SessionKeys : IDisposable
{
    readonly AgreementKey sealKey;
    readonly AgreementKey maskKey;

    public SessionKeys(RandomNumberGenerator secrets)
    {
        secrets.GetBytes(OwnMaskSeed);
        secrets.GetBytes(MaskKeySeed);
        sealKey = AgreementKey.Draw(secrets);
        maskKey = AgreementKey.FromSeed(MaskKeySeed);
        Announced = new KeyAnnouncement(sealKey.Public, maskKey.Public);
    }

    public byte[] OwnMaskSeed { get; } = new byte[SealedShares.SecretBytes];

    public byte[] MaskKeySeed { get; } = new byte[SealedShares.SecretBytes];

    public KeyAnnouncement Announced { get; }

    /// <summary>
    /// The two secrets that a client has with another: for what they seal, and for their mask. The other's keys are points of the
    /// curve.
    /// </summary>
    public virtual (byte[] Seal, byte[] Mask) Agree(KeyAnnouncement other) =>
        (sealKey.Agree(other.SealKey.Span), maskKey.Agree(other.MaskKey.Span));

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(OwnMaskSeed);
        CryptographicOperations.ZeroMemory(MaskKeySeed);
        sealKey.Dispose();
        maskKey.Dispose();
    }
}
