namespace Plume.Client;

/// <summary>What a client is doing.</summary>
public enum ClientStage
{
    /// <summary>It has its place in the federation.</summary>
    Joined,

    /// <summary>There is nothing to do yet.</summary>
    Waiting,

    /// <summary>It takes in the model of the round.</summary>
    Downloading,

    /// <summary>The learner is at work.</summary>
    Training,

    /// <summary>The update is on its way.</summary>
    Uploading,

    /// <summary>
    /// The update is in the round's sum; where there is a message, it says that it counts for less than its samples.
    /// </summary>
    Counted,

    /// <summary>The update does not count; the message says why.</summary>
    Refused,

    /// <summary>The task could not be done; the message, which the server gets too, says why.</summary>
    Failed,

    /// <summary>
    /// The server cannot be reached or is busy, which the message says more of; the client waits a little and tries again.
    /// </summary>
    BackingOff,

    /// <summary>There is something to know of its folder; the message says what.</summary>
    Noted,

    /// <summary>It has a newer certificate; the message says until when.</summary>
    Renewed,

    /// <summary>Its certificate ends soon and could not be renewed yet, which is tried again; the message says why.</summary>
    NotRenewed,

    /// <summary>The federation has ended.</summary>
    Ended,
}

/// <summary>One step of a client.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="Round">The round it is about; 0 where it is about none.</param>
/// <param name="BytesUp">Bytes of updates sent since the program joined, repetitions among them.</param>
/// <param name="BytesDown">Bytes of models received, likewise.</param>
/// <param name="Message">What there is to say about it; often nothing.</param>
public sealed record ClientProgress(ClientStage Stage, int Round, long BytesUp, long BytesDown, string Message);
