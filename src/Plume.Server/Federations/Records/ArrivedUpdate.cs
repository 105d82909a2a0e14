using Plume.Federation.Rounds;

namespace Plume.Server.Federations.Records;

/// <summary>An update whose bytes are durable, and what its client says of it.</summary>
/// <param name="Client">Who sent it.</param>
/// <param name="Round">The round it was made in.</param>
/// <param name="Attempt">That round's attempt.</param>
/// <param name="ModelVersion">The version it was made from.</param>
/// <param name="Samples">How many samples it was made from.</param>
/// <param name="Loss">The client's own training loss.</param>
/// <param name="Length">Bytes of the payload.</param>
/// <param name="Sha256">The payload's hash, in lower-case hexadecimal.</param>
/// <param name="IsFloats">Whether the payload is plain 32-bit floats rather than of the uplink's codec.</param>
[GenerateSerializer, Immutable]
public sealed record ArrivedUpdate(int Client, int Round, int Attempt, int ModelVersion, int Samples, double Loss, long Length,
    string Sha256, bool IsFloats = false)
{
    /// <summary>Its client's part in the round.</summary>
    internal RoundPart Part => new(Round, Attempt, Client);

    /// <summary>What the rules are told.</summary>
    internal UpdateArrived ToFederation() => new(Client, Round, Attempt, ModelVersion, Samples) { Length = Length, Loss = Loss };
}

/// <summary>What became of an update.</summary>
/// <param name="IsCounted">Whether it is in the sum, once.</param>
/// <param name="Rule">The rule that it breaks otherwise, as a word.</param>
/// <param name="Message">And as a sentence; of an update that counts, what there is to know of it, often nothing.</param>
[GenerateSerializer, Immutable]
public sealed record UploadOutcome(bool IsCounted, string Rule, string Message)
{
    /// <summary>Of an update that counts.</summary>
    public static UploadOutcome CountedOf(ArrivedUpdate update, FederationPlan plan) =>
        new(true, "", plan.CapOn(update.Samples) is { } capped ? $"The update {capped}" : "");
}
