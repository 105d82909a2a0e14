using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Records;
using Plume.Server.Federations.Secure;

namespace Plume.Server.Grains;

/// <summary>One federation, wherever in the cluster it lives. Its key is the federation's name in storage.</summary>
interface IFederationGrain : IGrainWithStringKey
{
    /// <summary>
    /// Gives a client its place, of a capacity where it asks for one; so many are kept for clients that were invited.
    /// </summary>
    Task<JoinOutcome> JoinAsync(string name, int? wanted, int kept = 0, int? capacity = null);

    /// <summary>The place of a name; null where it has none.</summary>
    Task<int?> NumberOfAsync(string name);

    /// <summary>Who has a place.</summary>
    Task<PlaceHolder[]> PlacesAsync();

    /// <summary>Takes the place from a client for an operator; null where it has none.</summary>
    Task<int?> GiveBackAsync(string name, string by);

    /// <summary>Answers when there is a later snapshot than this, or the time is over.</summary>
    Task<FederationSnapshot> WaitAsync(long sequence, TimeSpan longest);

    /// <summary>Clients that a silo heard of, and the bytes that they downloaded there.</summary>
    Task HeardAsync(int[] clients, long downloaded);

    /// <summary>What would become of an update; null where its bytes are wanted.</summary>
    Task<UploadOutcome?> ConsiderAsync(ArrivedUpdate update);

    /// <summary>Takes in an update whose bytes are durable.</summary>
    Task<UploadOutcome> ArriveAsync(ArrivedUpdate update);

    /// <summary>Takes a client's message of a trip of a secure sum, and says how the trip stands.</summary>
    Task<SumAnswer> AnswerAsync(SumMessage message);

    /// <summary>What leads a client of a capacity to a version; null where that is not the newest.</summary>
    Task<DownloadPart[]?> CatchUpAsync(int? from, int to, int capacity = 0, bool takesLevels = false);

    /// <summary>The weights of the model that the server has for itself; null where that version is not the newest.</summary>
    Task<DownloadPart[]?> ModelAsync(int version);

    /// <summary>A participant cannot do its task, or took it and is gone or late.</summary>
    Task ReportAsync(int client, int round, int attempt, string problem, bool isMissed = false);

    /// <summary>Everything that an operator sees, with the rounds after one.</summary>
    Task<FederationOverview> OverviewAsync(int since);

    /// <summary>Everything that a page shows, with the rounds after one.</summary>
    Task<FederationDetails> DetailsAsync(int since);

    /// <summary>Notes in the federation's log what an operator did that is no part of the ledger.</summary>
    Task NoteAsync(string sentence);

    /// <summary>Does what an operator of this name asks.</summary>
    Task<FederationOverview> ControlAsync(Control control, string by);

    /// <summary>Gives it more rounds, for an operator of this name.</summary>
    /// <returns>Why it cannot have so many; null where it has them now.</returns>
    Task<string?> ExtendAsync(int rounds, string by);
}

/// <summary>A client's place.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Run">Names the run.</param>
/// <param name="Problem">Why it has none; null where it has.</param>
[GenerateSerializer, Immutable]
sealed record JoinOutcome(int Number, string Run, string? Problem);

/// <summary>What an operator can ask of a federation.</summary>
enum Control
{
    /// <summary>No further round opens.</summary>
    Pause,

    /// <summary>Rounds open again.</summary>
    Resume,

    /// <summary>The federation ends.</summary>
    Stop,
}
