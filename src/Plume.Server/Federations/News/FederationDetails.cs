using Plume.Federation.Rounds;
using Plume.Server.Federations.Records;

namespace Plume.Server.Federations.News;

/// <summary>Everything that a page shows.</summary>
/// <param name="Overview">What an operator sees.</param>
/// <param name="Points">Rounds that whoever asks does not know yet.</param>
/// <param name="Participants">Who is asked in the round at hand, by number.</param>
/// <param name="Clients">Who has a place, by number.</param>
[GenerateSerializer, Immutable]
sealed record FederationDetails(FederationOverview Overview, RoundPoint[] Points, ParticipantDetail[] Participants,
    ClientDetail[] Clients)
{
    /// <summary>What happened lately, the oldest first.</summary>
    [Id(0)]
    public Happening[] Happenings { get; init; } = [];

    /// <summary>Where the bits of the last payloads went.</summary>
    [Id(1)]
    public TensorDetail[] Tensors { get; init; } = [];
}

/// <summary>Where a participant of the round at hand stands.</summary>
/// <param name="Client">Its place.</param>
/// <param name="Round">The round that asked it.</param>
/// <param name="Attempt">That round's attempt.</param>
/// <param name="Standing">Where it stands.</param>
/// <param name="Refusal">Why its update does not count; null where it does, or where none came.</param>
[GenerateSerializer, Immutable]
sealed record ParticipantDetail(int Client, int Round, int Attempt, Standing Standing, string? Refusal);

/// <summary>A client that has a place.</summary>
/// <param name="Number">The place.</param>
/// <param name="Name">What it is called.</param>
/// <param name="IsThere">Whether rounds may ask it.</param>
/// <param name="Missed">Deadlines that it let pass, in a row.</param>
/// <param name="Silence">Time since it was heard of; null where nobody knows.</param>
/// <param name="Counted">Its updates that count.</param>
/// <param name="Refused">Its updates that do not.</param>
/// <param name="UplinkBytes">Of all of them.</param>
/// <param name="Samples">That its last update was made from which counts; 0 before the first.</param>
[GenerateSerializer, Immutable]
sealed record ClientDetail(int Number, string Name, bool IsThere, int Missed, TimeSpan? Silence, int Counted, int Refused,
    long UplinkBytes, int Samples);
