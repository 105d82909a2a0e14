using System.Globalization;
using System.Text.Json.Serialization;
using Plume.Cli.Terminal;
using Plume.Federation.Privacy;

namespace Plume.Cli.Privacy;

/// <summary>An answer as it is printed.</summary>
/// <param name="Delta">Chance that the promise fails.</param>
/// <param name="Counts">What counts as a round.</param>
/// <param name="Rows">The lines.</param>
/// <param name="Definition">What is promised, of which world against which.</param>
/// <param name="Assumption">What must be true for it.</param>
/// <param name="Sentence">Both, with the figures of the first line.</param>
/// <param name="Plan">What the budget means for the federation; null where none was asked about.</param>
sealed record PrivacyAnswer(double Delta, string Counts, IReadOnlyList<PrivacyRow> Rows, string Definition, string Assumption,
    string Sentence, string? Plan)
{
    public static PrivacyAnswer Of(PrivacyQuestion question, PrivacyPlan? plan)
    {
        var rows = question.Answer();
        // What a federation keeps is its budget.
        var promised = plan?.Budget is { } budget ? new PrivacyRow("", budget.Noise, budget.MostParticipations, budget.Epsilon)
            : rows[0];
        return new PrivacyAnswer(question.Delta, question.Sampling.Counts, rows, question.Sampling.Definition,
            question.Sampling.Assumption, question.Sentence(promised), plan?.Sentence);
    }

    /// <summary>For people.</summary>
    public string Text()
    {
        var rows = Rows.Select(row =>
            (string[])[row.Meaning, Shown(row.Noise), row.Rounds.ToString("N0", CultureInfo.InvariantCulture),
                Shown(row.Epsilon)]);
        return $"{TextTable.Print(["", ">noise", ">rounds", ">epsilon"], rows)}\nThe rounds are {Counts}. "
            + $"{Sentence}\n{(Plan is null ? "" : $"{Plan}\n")}";
    }

    static string Shown(double? value) => value is { } number ? number.ToString("#,0.####", CultureInfo.InvariantCulture) : "-";
}

/// <summary>A federation that is asked about.</summary>
/// <param name="Clients">Its clients.</param>
/// <param name="Participants">Those of a round.</param>
/// <param name="Rounds">Its rounds.</param>
/// <param name="Budget">Its privacy; null where it has none.</param>
sealed record PrivacyPlan(int Clients, int Participants, int Rounds, DifferentialPrivacy? Budget)
{
    /// <summary>Rounds of a client where all take part alike.</summary>
    public int Alike => (int)Math.Min(Rounds, ((long)Rounds * Participants + Clients - 1) / Clients);

    /// <summary>What the budget means for it.</summary>
    public string? Sentence => Budget is not { MostParticipations: var most } ? null
        : $"A client that has taken part in {most} {(most == 1 ? "round" : "rounds")} is asked no more. "
            + (most >= Rounds ? "That is all of them."
                : (long)most * Clients >= (long)Rounds * Participants
                ? $"That is enough for all {Rounds} rounds if the {Clients} clients take part alike."
                : $"The {Clients} clients have enough for {(long)most * Clients / Participants} of the {Rounds} rounds at "
                    + $"most; then the run stops.");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PrivacyAnswer))]
sealed partial class PrivacyJson : JsonSerializerContext;
