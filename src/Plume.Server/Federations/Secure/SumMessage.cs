using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Server.Federations.Secure;

/// <summary>A client's message of one trip, or its question what the trip came to.</summary>
/// <param name="Client">Who sends it.</param>
/// <param name="Round">The round.</param>
/// <param name="Attempt">Its attempt.</param>
/// <param name="Session">The attempt's session.</param>
/// <param name="Trip">Which trip; <see cref="SumPhase.Done"/> where the client has no secrets of the session and asks what became
/// of its update.</param>
/// <param name="Bytes">The message; null where it was sent before.</param>
[GenerateSerializer, Immutable]
sealed record SumMessage(int Client, int Round, int Attempt, long Session, SumPhase Trip, byte[]? Bytes)
{
    /// <summary>The certificate that the client calls with, in DER; null without TLS.</summary>
    [Id(0)]
    public byte[]? Certificate { get; init; }

    /// <summary>The client's part in the round.</summary>
    public RoundPart Part => new(Round, Attempt, Client);
}

/// <summary>What a client is answered.</summary>
enum SumAnswerKind
{
    /// <summary>Others are still missing.</summary>
    Open,

    /// <summary>The trip is over, and this is what it is told.</summary>
    Told,

    /// <summary>Its message is not here.</summary>
    Again,

    /// <summary>There is another session, or none: it must ask for its task.</summary>
    Anew,

    /// <summary>Its update is in the sum, which is known.</summary>
    Counted,

    /// <summary>It has no part in the sum.</summary>
    Refused,
}

/// <summary>The answer to a client.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Told">What it is told where a trip is over.</param>
/// <param name="Rule">The rule that it broke, as a word.</param>
/// <param name="Message">And as a sentence.</param>
[GenerateSerializer, Immutable]
sealed record SumAnswer(SumAnswerKind Kind, byte[] Told, string Rule, string Message)
{
    /// <summary>
    /// Where keys are signed: with the roster who the client's neighbours are, and with signatures of who is in the sum who
    /// signed that is no neighbour.
    /// </summary>
    [Id(0)]
    public SumNeighbour[] Neighbours { get; init; } = [];

    public static SumAnswer Open { get; } = Of(SumAnswerKind.Open);

    public static SumAnswer Again { get; } = Of(SumAnswerKind.Again);

    public static SumAnswer Anew { get; } = Of(SumAnswerKind.Anew);

    public static SumAnswer Counted { get; } = Of(SumAnswerKind.Counted);

    public static SumAnswer Refused(string rule, string message) => new(SumAnswerKind.Refused, [], rule, message);

    public static SumAnswer Says(byte[] told) => new(SumAnswerKind.Told, told, "", "");

    static SumAnswer Of(SumAnswerKind kind) => new(kind, [], "", "");
}

/// <summary>Who a client is.</summary>
/// <param name="Client">Its number.</param>
/// <param name="Certificate">The certificate that it calls with, in DER.</param>
[GenerateSerializer, Immutable]
readonly record struct SumNeighbour(int Client, byte[] Certificate);

/// <summary>How the session of a round's secure sum stands: what servers that hold clients must know of it.</summary>
/// <param name="Session">Which session.</param>
/// <param name="Trip">The trip that is open.</param>
/// <param name="Step">The step that clients share.</param>
/// <param name="IsSigned">Whether clients sign their keys.</param>
[GenerateSerializer, Immutable]
public sealed record SumStanding(long Session, SumPhase Trip, float Step, bool IsSigned)
{
    /// <summary>Groups that are a trip further: who waits in one of them has something to hear.</summary>
    [Id(0)]
    public int Ahead { get; init; }

    /// <summary>Whom the attempt asked, also those whose place was given back since: groups are dealt of them.</summary>
    [Id(1)]
    public int[] Participants { get; init; } = [];
}
