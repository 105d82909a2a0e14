using System.Globalization;
using System.Text.Json.Serialization;
using Plume.Cli.Terminal;
using Plume.Federation.Privacy;
using Plume.Federation.Privacy.Matrix;

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
    /// <summary>What correlation between rounds makes of the noise; null where there is none.</summary>
    public string? Correlation { get; init; }

    /// <summary>Answers a question.</summary>
    /// <param name="question">What is asked.</param>
    /// <param name="plan">Of which federation; null where nothing is known of one.</param>
    /// <param name="isAsPlanned">Whether noise and budget are the federation's own.</param>
    public static PrivacyAnswer Of(PrivacyQuestion question, PrivacyPlan? plan, bool isAsPlanned)
    {
        var rows = question.Answer();
        // What a federation keeps is its budget.
        var promised = isAsPlanned && plan?.Budget is { } budget
            ? new PrivacyRow("", budget.Noise, budget.MostParticipations, budget.Epsilon) : rows[0];
        return new PrivacyAnswer(question.Delta, question.Sampling.Counts, rows, question.Sampling.Definition,
            question.Sampling.Assumption, question.Sentence(promised), isAsPlanned ? plan?.Sentence : null)
        { Correlation = plan?.Correlation };
    }

    /// <summary>For people.</summary>
    public string Text()
    {
        var rows = Rows.Select(row =>
            (string[])[row.Meaning, Shown(row.Noise), row.Rounds.ToString("N0", CultureInfo.InvariantCulture),
                Shown(row.Epsilon)]);
        return $"{TextTable.Print(["", ">noise", ">rounds", ">epsilon"], rows)}\nThe rounds are {Counts}. "
            + $"{Sentence}\n{(Correlation is null ? "" : $"{Correlation}\n")}{(Plan is null ? "" : $"{Plan}\n")}";
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
    /// <summary>How noise is correlated between rounds; null where it is not.</summary>
    public MatrixMechanism? Matrix { get; init; }

    /// <summary>Rounds of a client where all take part alike.</summary>
    public int Alike => (int)Math.Min(Most, ((long)Rounds * Participants + Clients - 1) / Clients);

    /// <summary>Rounds that one client may take part in.</summary>
    public int Most => Matrix?.MostParticipations(Rounds) ?? Rounds;

    /// <summary>What correlation makes of the noise; null where there is none.</summary>
    public string? Correlation => Matrix is null ? null
        : string.Create(CultureInfo.InvariantCulture,
            $"After {Rounds} rounds the model has {Matrix.FactorFor(Rounds).MostError:0.##} times the noise of one round; of "
                + $"noise that is drawn anew each round it would have {Math.Sqrt(Rounds):0.##} times as much.");

    /// <summary>What the budget means for it.</summary>
    public string? Sentence => Budget is not { MostParticipations: var most } ? null
        : $"A client that has taken part in {most} {(most == 1 ? "round" : "rounds")} is asked no more. "
            + (most >= Most ? Matrix is null ? "That is all of them."
                : $"In {Rounds} rounds none is in more that are {Matrix.Separation} apart, so the budget ends no run."
                : (long)most * Clients >= (long)Rounds * Participants
                ? $"That is enough for all {Rounds} rounds if the {Clients} clients take part alike."
                : $"The {Clients} clients have enough for {(long)most * Clients / Participants} of the {Rounds} rounds at "
                    + $"most; then the run stops.");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PrivacyAnswer))]
sealed partial class PrivacyJson : JsonSerializerContext;
