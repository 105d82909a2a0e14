using Plume.Federation.Rounds.Buffering;

namespace Plume.Federation.Rounds;

/// <summary>Something that the host must now do.</summary>
public abstract record FederationCommand
{
    private protected FederationCommand()
    {
    }
}

/// <summary>Publish a round to its participants, with an empty sum.</summary>
public sealed record PublishRound(RoundPlan Plan) : FederationCommand;

/// <summary>Give a client work, from the newest version. Only where rounds are buffered.</summary>
public sealed record AskClient(AskedTask Task) : FederationCommand;

/// <summary>
/// Decode the client's update and add it with this weight and the round's usual norm; then report UpdateAdded or UpdateInvalid.
/// </summary>
/// <param name="Client">Whose update.</param>
/// <param name="Weight">Its share of the largest weight that an update can have, above 0 and at most 1.</param>
public sealed record AddUpdate(int Client, double Weight) : FederationCommand;

/// <summary>Tell the operator that an update counts at less than its size or its samples.</summary>
public sealed record ReportBounded(int Client, int Round, string Message) : FederationCommand;

/// <summary>Tell the client that its update does not count, and why.</summary>
public sealed record RefuseUpdate(int Client, int Round, Refusal Reason, string Message) : FederationCommand;

/// <summary>
/// Divide the sum by the weight and apply it to the model, or where nobody contributes publish the model as it is; then report
/// ModelApplied.
/// </summary>
public sealed record ApplyMean(int Round, double TotalWeight, IReadOnlyList<int> Contributors) : FederationCommand;

/// <summary>All rounds are done.</summary>
public sealed record Finish : FederationCommand;

/// <summary>A round could not find its quorum; nothing more will happen.</summary>
public sealed record Abandon(int Round, string Message) : FederationCommand;

/// <summary>Why an update does not count.</summary>
public enum Refusal
{
    /// <summary>The client was not asked in this round.</summary>
    NotAsked,

    /// <summary>It belongs to another round or attempt.</summary>
    Stale,

    /// <summary>It was made from another model version.</summary>
    WrongVersion,

    /// <summary>It was made from a version that is too many versions old, where rounds are buffered.</summary>
    TooOld,

    /// <summary>The client's update of this round is here already.</summary>
    Duplicate,

    /// <summary>Its number of samples is below 1.</summary>
    Samples,

    /// <summary>The round has closed.</summary>
    Late,

    /// <summary>Its bytes break a rule, or it is not finite.</summary>
    Invalid,
}
