namespace Plume.Pages.Boards;

/// <summary>What one round did.</summary>
/// <param name="Round">From 1.</param>
/// <param name="Accuracy">Of the model that it made, 0 to 1; null where it was not measured.</param>
/// <param name="Loss">Its mean cross-entropy; null where it was not measured.</param>
/// <param name="UplinkBytes">Received.</param>
/// <param name="DownlinkBytes">Sent.</param>
/// <param name="Seconds">That it took.</param>
/// <param name="Accepted">Updates in the mean.</param>
/// <param name="Refused">Updates that did not come or do not count.</param>
public sealed record BoardRound(int Round, double? Accuracy, double? Loss, long UplinkBytes, long DownlinkBytes, double Seconds,
    int Accepted, int Refused)
{
    /// <summary>The epsilon that is spent after it; null where no privacy is promised.</summary>
    public double? Epsilon { get; init; }

    /// <summary>Why updates do not count, in sentences; of a round long ago nothing.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Where a participant of the round at hand stands.</summary>
public enum BoardStanding
{
    /// <summary>It is asked; nothing was heard of it.</summary>
    Asked,

    /// <summary>It has its task.</summary>
    Training,

    /// <summary>Its update is on the way.</summary>
    Uploading,

    /// <summary>Its update is here and is decoded.</summary>
    Adding,

    /// <summary>Its update is in the sum.</summary>
    Counted,

    /// <summary>Its update does not count.</summary>
    Refused,

    /// <summary>It gave up, or is gone.</summary>
    Dropped,
}

/// <summary>A participant of the round at hand.</summary>
/// <param name="Number">Its place.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Standing">Where it stands.</param>
/// <param name="Note">The rule that its update broke; empty for nothing.</param>
public sealed record BoardParticipant(int Number, string Name, BoardStanding Standing, string Note);

/// <summary>A client that has a place. What is null is not known.</summary>
/// <param name="Number">Its place.</param>
/// <param name="Name">What it is called.</param>
public sealed record BoardClient(int Number, string Name)
{
    /// <summary>Whether rounds may ask it.</summary>
    public bool? IsThere { get; init; }

    /// <summary>Time since it was heard of.</summary>
    public TimeSpan? Silence { get; init; }

    /// <summary>What it runs.</summary>
    public string? Software { get; init; }

    /// <summary>Samples that it trains on.</summary>
    public long? Samples { get; init; }

    /// <summary>Updates of it that count.</summary>
    public int? Counted { get; init; }

    /// <summary>Updates of it that were refused.</summary>
    public int? Refused { get; init; }

    /// <summary>Deadlines that it let pass, in a row.</summary>
    public int? Missed { get; init; }

    /// <summary>Bytes received of it.</summary>
    public long? UplinkBytes { get; init; }

    /// <summary>Bytes sent to it.</summary>
    public long? DownlinkBytes { get; init; }

    /// <summary>Bytes a second that it was seen to send.</summary>
    public double? UplinkSpeed { get; init; }

    /// <summary>Bytes a second that it was seen to take.</summary>
    public double? DownlinkSpeed { get; init; }

    /// <summary>Accuracy on its own samples, 0 to 1.</summary>
    public double? Accuracy { get; init; }
}

/// <summary>Where a budget of bytes stands.</summary>
/// <param name="Line">The budget, as it is written.</param>
/// <param name="Bytes">What may be spent: by all clients together, or by each.</param>
/// <param name="Spent">What counts: of all clients together, or of the client that has spent most.</param>
/// <param name="Unused">Share of what all clients may spend that was not spent, 0 to 1.</param>
/// <param name="Sentence">The same in words, and what was given up for it.</param>
public sealed record BoardBudget(string Line, long Bytes, long Spent, double Unused, string Sentence);

/// <summary>Something that happened.</summary>
/// <param name="Number">Tells it from others.</param>
/// <param name="At">When; where it happened several times, when last.</param>
/// <param name="Text">What, in a sentence.</param>
/// <param name="IsTrouble">Whether an operator should look at it.</param>
/// <param name="Times">How many times.</param>
public sealed record BoardHappening(long Number, DateTimeOffset At, string Text, bool IsTrouble, int Times);

/// <summary>How large one tensor is in a payload.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Shape">Its dimensions, as text.</param>
/// <param name="Values">How many values it has.</param>
/// <param name="UplinkBits">Bits a value in an update; null where it is in none, or nobody looked.</param>
/// <param name="DownlinkBits">Bits a value in what clients receive.</param>
public sealed record BoardTensor(string Name, string Shape, long Values, double? UplinkBits, double? DownlinkBits);

/// <summary>Something to download.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="What">What it is, in a few words.</param>
/// <param name="Bytes">How long it is; null where nobody knows.</param>
public sealed record BoardFile(string Name, string What, long? Bytes);
