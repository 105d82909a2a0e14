using Plume.Federation.Rounds.Budgeting;

namespace Plume.Federation.Rounds;

/// <summary>Something that happened outside, told to the federation together with the time.</summary>
public abstract record FederationEvent
{
    private protected FederationEvent()
    {
    }
}

/// <summary>The federation begins, with all its clients there.</summary>
public sealed record Started : FederationEvent;

/// <summary>A client is there, for the first time or again: the next rounds may ask it.</summary>
public sealed record ClientJoined(int Client) : FederationEvent;

/// <summary>A client was not heard of for long: the next rounds do not ask it. Its part in the round at hand stands.</summary>
public sealed record ClientLeft(int Client) : FederationEvent;

/// <summary>
/// A client has its number no longer, and another may come to have it. An update of it that is in the sum stays there.
/// </summary>
/// <param name="Client">Which.</param>
/// <param name="Forgives">
/// Whether deadlines that it let pass are forgotten. Otherwise its number is asked less until somebody does its work, so that a
/// caller that comes again under ever new names holds up no more rounds than one that stays.
/// </param>
public sealed record PlaceVacated(int Client, bool Forgives) : FederationEvent;

/// <summary>No further round opens; the round at hand goes on.</summary>
public sealed record Paused : FederationEvent;

/// <summary>Rounds open again.</summary>
public sealed record Resumed : FederationEvent;

/// <summary>The federation ends; the round at hand is given up.</summary>
public sealed record Stopped : FederationEvent;

/// <summary>The federation has more rounds than its plan; one that was finished goes on.</summary>
/// <param name="Rounds">All of them, those that are done included.</param>
public sealed record Extended(int Rounds) : FederationEvent;

/// <summary>A client's update is here, durable, and not yet decoded.</summary>
/// <param name="Client">Who sent it.</param>
/// <param name="Round">The round it was made in.</param>
/// <param name="Attempt">That round's attempt.</param>
/// <param name="ModelVersion">The version it was made from.</param>
/// <param name="Samples">How many samples it says it was made from.</param>
public sealed record UpdateArrived(int Client, int Round, int Attempt, int ModelVersion, int Samples) : FederationEvent
{
    /// <summary>Bytes of its payload; no rule looks at it but a budget of bytes.</summary>
    public long Length { get; init; }

    /// <summary>The client's own training loss; no rule looks at it.</summary>
    public double Loss { get; init; }
}

/// <summary>An update that was to be added was decoded and is in the sum.</summary>
/// <param name="Client">Whose.</param>
/// <param name="Norm">Its Euclidean norm before weight and bound.</param>
public sealed record UpdateAdded(int Client, double Norm) : FederationEvent;

/// <summary>An update that was to be added could not be: its bytes break a rule, or it is not finite.</summary>
public sealed record UpdateInvalid(int Client, string Problem) : FederationEvent;

/// <summary>A participant is known to be gone for this round.</summary>
/// <param name="Client">Which.</param>
/// <param name="IsMissed">Whether it took the work and did not answer: later rounds ask it less.</param>
public sealed record ClientDropped(int Client, bool IsMissed = false) : FederationEvent
{
    /// <summary>What it says of it; null where it says nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>Bytes of an update that it has sent nevertheless; null where nobody knows.</summary>
    public long? Sent { get; init; }
}

/// <summary>Time has passed; a deadline may have.</summary>
public sealed record TimePassed : FederationEvent;

/// <summary>Who is in the secure sum of the round is fixed, before anybody is asked to unmask it.</summary>
/// <param name="Clients">Whose masked words are in it, in ascending order.</param>
/// <param name="Missing">Who did not do its part in time: later rounds ask it less.</param>
public sealed record SumClosed(IReadOnlyList<int> Clients, IReadOnlyList<int> Missing) : FederationEvent
{
    /// <summary>Bytes that were sent for it; no rule looks at it.</summary>
    public long Length { get; init; }
}

/// <summary>The secure sum of the round was unmasked.</summary>
/// <param name="Norm">The Euclidean norm of its mean, of groups the median of theirs, which stands for those of single updates,
/// since nobody knows these.</param>
/// <param name="NextStep">The step that clients of the next round should share.</param>
public sealed record SumRevealed(double Norm, float NextStep) : FederationEvent
{
    /// <summary>The mean of the training losses; no rule looks at it.</summary>
    public double Loss { get; init; }

    /// <summary>Bytes that were sent since who is in it was fixed; no rule looks at it.</summary>
    public long Length { get; init; }

    /// <summary>What there is to tell the operator; null where it counts as it is.</summary>
    public string? Note { get; init; }

    /// <summary>Who was in the sum of a group that could not be had, though that was fixed: it counts for nothing.</summary>
    public IReadOnlyList<int> LeftOut { get; init; } = [];
}

/// <summary>
/// The secure sum of the round cannot be had. Before who is in it was fixed the round is tried again, with new keys; after that
/// it passes, and leaves the model as it is.
/// </summary>
/// <param name="Problem">Why.</param>
public sealed record SumLost(string Problem) : FederationEvent
{
    /// <summary>Who did not do its part in time, where who is in the sum was not fixed yet.</summary>
    public IReadOnlyList<int> Missing { get; init; } = [];

    /// <summary>Bytes that were sent for it and not told of yet; no rule looks at it.</summary>
    public long Length { get; init; }
}

/// <summary>The mean of the round was applied to the model and the new version is durable.</summary>
public sealed record ModelApplied : FederationEvent
{
    /// <summary>The clip of the next round, where it follows the norms of updates; null elsewhere.</summary>
    public double? NextClip { get; init; }

    /// <inheritdoc cref="FederationState.Spread"/>
    public double? Spread { get; init; }

    /// <summary>What it tells a budget of bytes; null where the plan has none.</summary>
    public PublishedBytes? Bytes { get; init; }
}
