namespace Plume.Pages.Actions;

/// <summary>What an operator can do.</summary>
public enum OperatorActionKind
{
    /// <summary>Opens no further round.</summary>
    Pause,

    /// <summary>Opens rounds again.</summary>
    Resume,

    /// <summary>Ends the federation.</summary>
    Stop,

    /// <summary>Lets a client enrol.</summary>
    Invite,

    /// <summary>Takes a client's place back.</summary>
    Release,

    /// <summary>Refuses all further calls of a client or an operator.</summary>
    Revoke,
}

/// <summary>What an operator asks for.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Federations">With which federations: one, but for an invitation; none to revoke somebody.</param>
/// <param name="Name">To whom; empty where it is to nobody.</param>
public sealed record OperatorAction(OperatorActionKind Kind, IReadOnlyList<string> Federations, string Name = "");
