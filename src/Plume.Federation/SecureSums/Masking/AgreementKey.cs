using System.Numerics;
using System.Security.Cryptography;

namespace Plume.Federation.SecureSums.Masking;

/// <summary>One session's key of a client, from which it and each other client make a secret that nobody else has.</summary>
/// <remarks>
/// Formula: elliptic-curve Diffie-Hellman on P-256; a public key is its point's coordinates, a secret the raw x coordinate of the
/// product. Bytes: 64. Source: NIST SP 800-56A; no key is used for two sessions.
/// </remarks>
public sealed class AgreementKey : IDisposable
{
    /// <summary>Bytes of a public key.</summary>
    public const int PublicBytes = 2 * CoordinateBytes;

    /// <summary>Bytes of a secret number.</summary>
    public const int SecretBytes = CoordinateBytes;

    const int CoordinateBytes = 32;

    // The order of P-256's group, the modulus of its coordinates and the constant b (SEC 2, secp256r1).
    static readonly BigInteger Order =
        Number(Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"));
    static readonly BigInteger Modulus =
        Number(Convert.FromHexString("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"));
    static readonly BigInteger Constant =
        Number(Convert.FromHexString("5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"));

    readonly ECDiffieHellman key;

    /// <summary>The key of a secret number.</summary>
    /// <param name="secret">32 bytes, big-endian: at least 1 and below the order of the group.</param>
    /// <exception cref="ArgumentException">It is not.</exception>
    public AgreementKey(ReadOnlySpan<byte> secret)
    {
        if (!IsSecret(secret))
            throw new ArgumentException(
                $"A secret number has {SecretBytes} bytes and is at least 1 and below the order of P-256.", nameof(secret));
        key = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = secret.ToArray() });
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        Public = (byte[])[.. point.X!, .. point.Y!];
    }

    /// <summary>What others are told.</summary>
    public ReadOnlyMemory<byte> Public { get; }

    /// <summary>A key that is drawn.</summary>
    public static AgreementKey Draw(RandomNumberGenerator secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        Span<byte> secret = stackalloc byte[SecretBytes];
        do
            secrets.GetBytes(secret);
        while (!IsSecret(secret));
        var drawn = new AgreementKey(secret);
        CryptographicOperations.ZeroMemory(secret);
        return drawn;
    }

    /// <summary>The key that follows from a seed, which is shorter to share than the key.</summary>
    public static AgreementKey FromSeed(ReadOnlySpan<byte> seed)
    {
        Span<byte> secret = stackalloc byte[SecretBytes];
        for (byte turn = 0; ; turn++)
        {
            HKDF.DeriveKey(HashAlgorithmName.SHA256, seed, secret, default, [.. "mask key"u8, turn]);
            if (!IsSecret(secret))
                continue;
            var derived = new AgreementKey(secret);
            CryptographicOperations.ZeroMemory(secret);
            return derived;
        }
    }

    /// <summary>The secret that this key and another client's make.</summary>
    /// <returns>32 bytes.</returns>
    /// <exception cref="ArgumentException">The other's key is no point of the curve.</exception>
    public byte[] Agree(ReadOnlySpan<byte> other)
    {
        if (!IsPublic(other))
            throw new ArgumentException("The other's key must be a point of P-256.", nameof(other));
        var point = new ECPoint { X = other[..CoordinateBytes].ToArray(), Y = other[CoordinateBytes..].ToArray() };
        using var others = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
        using var publicKey = others.PublicKey;
        return key.DeriveRawSecretAgreement(publicKey);
    }

    /// <summary>
    /// Whether bytes are a point of the curve: y^2 = x^3 - 3x + b. All of its points are of the group, whose cofactor is 1.
    /// </summary>
    public static bool IsPublic(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != PublicBytes)
            return false;
        BigInteger x = Number(bytes[..CoordinateBytes]), y = Number(bytes[CoordinateBytes..]);
        return x < Modulus && y < Modulus && (y * y - (x * x - 3) * x - Constant) % Modulus == BigInteger.Zero;
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose() => key.Dispose();

    static bool IsSecret(ReadOnlySpan<byte> secret) =>
        secret.Length == SecretBytes && Number(secret) is var number && number > BigInteger.Zero && number < Order;

    static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);
}
