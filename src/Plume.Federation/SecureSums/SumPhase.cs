namespace Plume.Federation.SecureSums;

/// <summary>What a session of a secure sum waits for.</summary>
public enum SumPhase
{
    /// <summary>Clients' keys.</summary>
    Keys,

    /// <summary>Shares of their secrets.</summary>
    Shares,

    /// <summary>Their masked words.</summary>
    Masked,

    /// <summary>The shares that take the masks off.</summary>
    Unmasking,

    /// <summary>Nothing: it has ended.</summary>
    Done,
}
