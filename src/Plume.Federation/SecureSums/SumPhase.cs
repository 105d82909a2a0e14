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

    /// <summary>
    /// Their signatures of who they were told is in the sum; where keys are not signed there is no such trip.
    /// </summary>
    Consistency,

    /// <summary>The shares that take the masks off.</summary>
    Unmasking,

    /// <summary>Nothing: it has ended.</summary>
    Done,
}
