using System.Collections.Immutable;
using Plume.Federation.Rounds;

namespace Plume.Federation.Books;

/// <summary>What an event comes to: what the books will say once it is entered, and what the host must then do.</summary>
/// <param name="Happened">The event.</param>
/// <param name="At">When it happened.</param>
/// <param name="Before">The state that it was considered in.</param>
/// <param name="After">The state that it leads to.</param>
/// <param name="Commands">What the host must do.</param>
public sealed record BooksEntry(FederationEvent Happened, DateTimeOffset At, FederationState Before, FederationState After,
    ImmutableArray<FederationCommand> Commands)
{
    /// <summary>Whether the event changes anything. One that does not is no part of what happened.</summary>
    public bool IsChange => !ReferenceEquals(Before, After);

    /// <summary>Whether a round opens, or another attempt at one.</summary>
    public bool Opens => Commands.Any(command => command is PublishRound);

    /// <summary>Why the update that arrived does not count; null where it does, or where none arrived.</summary>
    public RefuseUpdate? Refusal => Commands.OfType<RefuseUpdate>().FirstOrDefault();
}
