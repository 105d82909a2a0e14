using Plume.Compression.Wire;

namespace Plume.Client.Calls;

/// <summary>Numbers as the protocol has them, which the server may have set to anything.</summary>
static class WireNumber
{
    /// <summary>The number, if it is one that a client can count to.</summary>
    /// <exception cref="InvalidPayloadException">It is not.</exception>
    public static int Checked(this uint number, string field) => number <= int.MaxValue
        ? (int)number
        : throw new InvalidPayloadException($"The server sent {number} as {field}, which must be at most {int.MaxValue}.");
}
