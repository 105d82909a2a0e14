namespace Plume.Federation.SecureSums;

/// <summary>
/// How a client knows that keys are those of other clients, and not ones that a server put in their place: each signs its own for
/// one session, and knows the others' signatures from somewhere that the server cannot change.
/// </summary>
public interface ISumIdentity
{
    /// <summary>Bytes of a signature.</summary>
    int SignatureBytes { get; }

    /// <summary>This client's signature.</summary>
    /// <param name="statement">What it signs: a hash of the session's terms, its number and its keys.</param>
    byte[] Sign(ReadOnlySpan<byte> statement);

    /// <summary>Whether a signature is a client's.</summary>
    bool Verifies(int client, ReadOnlySpan<byte> statement, ReadOnlySpan<byte> signature);
}
