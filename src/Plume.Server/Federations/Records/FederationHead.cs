using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Plume.Federation.Books;
using Plume.Federation.Budgets;
using Plume.Federation.Privacy;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.Selection;

namespace Plume.Server.Federations.Records;

/// <summary>
/// What the ledger keeps of the newest version: where its bytes are, and the state in which the next round begins.
/// </summary>
/// <param name="Version">The version; 0 in all heads of earlier releases.</param>
/// <param name="Fingerprint">Of the definition.</param>
/// <param name="Run">Names this run of the federation: sixteen random bytes, in hexadecimal.</param>
/// <param name="Checkpoint">SHA-256 of the checkpoint, in hexadecimal.</param>
/// <param name="Parent">That of the version before; empty for version 0.</param>
/// <param name="Graph">That of the packed graph; empty where there is none.</param>
/// <param name="UsualNorm">The norm that was usual in the round that made the version; null where updates were not
/// bounded.</param>
/// <param name="State">Of the rules.</param>
sealed record FederationHead(int Version, ulong Fingerprint, string Run, string Checkpoint, string Parent, string Graph,
    double? UsualNorm, KeptState State)
{
    /// <summary>SHA-256 of the packed graphs of smaller capacities; null where there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? SmallerGraphs { get; init; }

    /// <summary>
    /// The secret of the federation's noise, in hexadecimal, from version 0 on; null where it promises no privacy.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Noise { get; init; }

    /// <summary>What a budget of bytes made of the step of the version; null where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KeptSteps? Steps { get; init; }

    /// <summary>
    /// The spread that steps of the version's round followed; null where none did, and in heads of earlier releases.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Spread { get; init; }

    /// <summary>The same as a secret.</summary>
    [JsonIgnore]
    public NoiseSecret? NoiseSecret => Noise is null ? null : new NoiseSecret(Convert.FromHexString(Noise));

    /// <summary>SHA-256 of the packed graph of each capacity, the largest first.</summary>
    [JsonIgnore]
    public IEnumerable<string> Graphs => [Graph, .. SmallerGraphs ?? []];

    /// <summary>The same with other graphs.</summary>
    public FederationHead With(string[] graphs) => this with
    {
        Graph = graphs[0],
        SmallerGraphs = graphs.Length > 1 ? graphs[1..] : null,
    };

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, LedgerJson.Default.FederationHead);

    /// <exception cref="InvalidDataException">The bytes are not a head that this version of the program knows.</exception>
    public static FederationHead FromBytes(byte[] bytes)
    {
        var head = LedgerJson.Read(bytes, LedgerJson.Default.FederationHead, "The head in the ledger");
        return head is { Run: not null, Checkpoint: not null, State: not null } ? head
            : throw LedgerJson.Unreadable("The head in the ledger", "It is not one.");
    }
}

/// <summary>What a budget of bytes made of the step of a version.</summary>
/// <param name="ModelStep">The step; null in the first round.</param>
/// <param name="MostPayload">Bytes that the version was to keep to.</param>
sealed record KeptSteps(float? ModelStep, long MostPayload);

/// <summary>What heads of earlier releases had besides: everything since version 0, again in each.</summary>
/// <param name="Places">The clients' names, by number.</param>
/// <param name="Lengths">Bytes of each version's payload, from version 1 on; null in a head of this release.</param>
/// <param name="Hashes">XXH64 of each.</param>
/// <param name="History">What each round did.</param>
sealed record WholeHistory(IReadOnlyDictionary<int, string> Places, IReadOnlyList<long>? Lengths, IReadOnlyList<ulong> Hashes,
    IReadOnlyList<RoundMetrics> History)
{
    /// <summary>Reads it from a head; null where the head has none.</summary>
    public static WholeHistory? In(byte[] head) =>
        LedgerJson.Read(head, LedgerJson.Default.WholeHistory, "The head in the ledger") is { Lengths: not null } whole ? whole
            : null;
}

/// <summary>The state between two rounds: nobody has answered yet.</summary>
sealed record KeptState(Phase Phase, int Round, int Attempt, int ModelVersion, IReadOnlyList<int> Participants,
    DateTimeOffset Deadline, IReadOnlyList<int> Members, bool IsPaused, double? UsualNorm, IReadOnlyList<double>? RoundNorms,
    ImmutableSortedDictionary<int, Absence>? Absences = null)
{
    /// <summary>What each client has spent of its privacy budget, in rounds; null where none has spent anything.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableSortedDictionary<int, int>? Participations { get; init; }

    /// <summary>The round that each client took part in last; null where the plan does not keep participations apart.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableSortedDictionary<int, int>? LastRounds { get; init; }

    /// <summary>The norm that updates of the next round are clipped to; null where it does not follow their norms.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Clip { get; init; }

    /// <summary>How far updates of the last rounds were apart; null where no step follows from it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Spread { get; init; }

    /// <summary>The step that clients of the next round share; null where no secure sum has said one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? SharedStep { get; init; }

    /// <summary>Where the federation stands with its budget of bytes; null where it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Spending? Spending { get; init; }

    /// <summary>What a version of the open round is to keep to; null where nothing bounds it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MostPayload { get; init; }

    /// <summary>Rounds to run, where an operator gave it more; null where it has those of the plan.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Rounds { get; init; }

    /// <summary>What clients were asked to do, where rounds are buffered; null where they are not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<AskedTask>? Tasks { get; init; }

    /// <summary>How many clients the round has asked, where rounds are buffered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Asked { get; init; }

    public static KeptState Of(FederationState state) => new(
        state.Phase, state.Current.Round, state.Current.Attempt, state.Current.ModelVersion, state.Current.Participants,
        state.Current.Deadline, [.. state.Members], state.IsPaused, state.Current.UsualNorm, state.RoundNorms,
        state.Absences.IsEmpty ? null : state.Absences)
    {
        Participations = state.Participations.IsEmpty ? null : state.Participations,
        LastRounds = state.LastRounds.IsEmpty ? null : state.LastRounds,
        Clip = state.Clip,
        Spread = state.Spread,
        SharedStep = state.SharedStep,
        Spending = state.Spending.Accounts.IsEmpty ? null : state.Spending,
        MostPayload = state.Current.MostPayload,
        Rounds = state.Rounds,
        Tasks = state.Tasks.IsEmpty ? null : [.. state.Tasks.Values],
        Asked = state.Asked,
    };

    public FederationState ToState() => FederationState.Initial with
    {
        Phase = Phase,
        Current = new RoundPlan(Round, Attempt, ModelVersion, Participants, Deadline)
        {
            UsualNorm = UsualNorm,
            SharedStep = SharedStep,
            Spread = Spread,
            Pressure = Spending?.Pressure ?? 0,
            ModelStep = Spending?.ModelStep,
            MostPayload = MostPayload,
        },
        SharedStep = SharedStep,
        Spread = Spread,
        Spending = Spending ?? FederationState.Initial.Spending,
        Clip = Clip,
        Standings = Phase == Phase.Collecting ? Participants.ToImmutableSortedDictionary(client => client, _ => Standing.Asked)
            : FederationState.Initial.Standings,
        Members = [.. Members],
        IsPaused = IsPaused,
        Rounds = Rounds,
        RoundNorms = [.. RoundNorms ?? []],
        Absences = Absences ?? FederationState.Initial.Absences,
        Participations = Participations ?? FederationState.Initial.Participations,
        LastRounds = LastRounds ?? FederationState.Initial.LastRounds,
        Tasks = (Tasks ?? []).ToImmutableSortedDictionary(task => task.Part.Client, task => task),
        Asked = Asked,
    };
}
