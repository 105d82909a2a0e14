using System.Globalization;
using Plume.Federation.Rounds;

namespace Plume.Server.Federations.Blobs;

/// <summary>Where a federation's bytes lie among the blobs.</summary>
/// <param name="Federation">Its name in storage.</param>
readonly record struct BlobNames(string Federation)
{
    public string All => $"{Federation}/";

    /// <summary>The graph of a capacity, packed by gzip.</summary>
    public string Graph(int capacity) => Text($"{Federation}/graph{Of(capacity)}.gz");

    /// <summary>A version's own payload, for clients of a capacity.</summary>
    public string Version(int version, int capacity) => Text($"{Federation}/versions/{version}{Of(capacity)}");

    /// <summary>Everything that the server needs to go on from a version.</summary>
    public string Checkpoint(int version) => Text($"{Federation}/checkpoints/{version}");

    /// <summary>A second one of the last version, when the federation has ended.</summary>
    public string Copy(int version) => Text($"{Federation}/checkpoints/{version}.copy");

    /// <summary>A payload that leads from one version, or from none, to another; made when somebody needs it.</summary>
    public string CatchUp(int? from, int to, int capacity) =>
        Text($"{Federation}/catch-up/{to}/{from?.ToString(CultureInfo.InvariantCulture) ?? "whole"}{Of(capacity)}");

    /// <summary>A version as levels, for those that have none; made when somebody needs it.</summary>
    public string Levels(int to, int capacity) => Text($"{Federation}/catch-up/{to}/levels{Of(capacity)}");

    /// <summary>The weights of the model that the server has for itself; made when somebody needs them.</summary>
    public string Model(int version) => Text($"{Federation}/catch-up/{version}/model");

    public string CatchUps(int to) => Text($"{Federation}/catch-up/{to}/");

    /// <summary>An update as it arrives; the hash keeps apart what a client sends twice and differently.</summary>
    public string Upload(int round, int attempt, int client, string sha256) =>
        Text($"{Federation}/uploads/{round}/{attempt}-{client}-{sha256}");

    /// <summary>Of which part in a round an update is by its name; null for what is none.</summary>
    public RoundPart? PartOf(string name)
    {
        string[] parts = name[(Federation.Length + 1)..].Split('/');
        return parts is ["uploads", var round, var rest] && rest.Split('-') is [var attempt, var client, _]
            && Number(round) is { } ofRound && Number(attempt) is { } ofAttempt && Number(client) is { } ofClient
            ? new RoundPart(ofRound, ofAttempt, ofClient) : null;
    }

    public string AllUploads => $"{Federation}/uploads/";

    public string Uploads(int round) => Text($"{Federation}/uploads/{round}/");

    /// <summary>A secure sum that is masked, with what it takes to unmask it.</summary>
    public string MaskedSum(int round, int attempt, long session) =>
        Text($"{Federation}/secure/{round}/{attempt}-masked-{session}");

    /// <summary>A secure sum that was revealed.</summary>
    public string RevealedSum(int round, int attempt) => Text($"{Federation}/secure/{round}/{attempt}");

    public string AllSecureSums => $"{Federation}/secure/";

    public string SecureSums(int round) => Text($"{Federation}/secure/{round}/");

    /// <summary>A shard's part of a round's sum, on its way to the coordinator.</summary>
    public string Sum(int round, int attempt, string shard) => Text($"{Federation}/sums/{round}-{attempt}-{shard}");

    /// <summary>
    /// Whether a restart while a version is the newest has use for a blob: the payloads from a first one on; the newest
    /// checkpoint, and the one before it with the updates of the round between them, of which the newest can be made again; and
    /// what is under way.
    /// </summary>
    public bool IsOfUse(string name, int version, int firstPayload)
    {
        var (kind, number) = PartsOf(name);
        return (kind, number) switch
        {
            ("catch-up" or "sums", _) => false,
            (_, null) => true,
            ("checkpoints", { } of) => of >= version - 1,
            ("versions", { } of) => of >= firstPayload,
            ("uploads" or "secure", { } of) => of >= version,
            _ => true,
        };
    }

    /// <summary>Whether a blob can only be there when a version after the first was made.</summary>
    public bool IsOfLater(string name) => PartsOf(name) is ("checkpoints", > 0) or ("versions", > 0) or ("uploads" or "secure", > 1);

    // What somebody else put there has no number.
    (string Kind, int? Number) PartsOf(string name)
    {
        string[] parts = name[(Federation.Length + 1)..].Split('/', '.');
        return (parts[0], parts.Length > 1 ? Number(parts[1]) : null);
    }

    static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>The same while bytes are missing.</summary>
    public static string Partial(string name) => $"{name}.part";

    // The largest capacity, which most federations have alone, has no number.
    static string Of(int capacity) => capacity == 0 ? "" : Text($".{capacity}");

    static string Text(FormattableString name) => name.ToString(CultureInfo.InvariantCulture);
}
