using System.Globalization;
using System.Text.Json.Nodes;
using Plume.Cli.Terminal;
using Plume.Pages.Charts;

namespace Plume.Cli.Attacks;

/// <summary>One row: a rule, and the accuracy under each attack.</summary>
/// <param name="Defence">The rule.</param>
/// <param name="Accuracies">By attack, the first without one; NaN where the model was ruined to the last value.</param>
sealed record AttackRow(string Defence, IReadOnlyList<double> Accuracies)
{
    /// <summary>The largest loss under any attack.</summary>
    public double Worst => Accuracies[0] - Accuracies.Skip(1).Min(accuracy => double.IsNaN(accuracy) ? 0 : accuracy);
}

/// <summary>Rules against attacks: as text, as JSON, and as a page.</summary>
static class AttackTable
{
    const string None = "none";

    public static string Text(IReadOnlyList<string> attacks, IReadOnlyList<AttackRow> rows) => TextTable.Print(
        ["rule", $">{None}", .. attacks.Select(attack => $">{attack}"), ">worst loss"],
        rows.Select(row => (IReadOnlyList<string>)[row.Defence, .. row.Accuracies.Select(Percent), Points(row.Worst)]));

    public static JsonArray Json(IReadOnlyList<string> attacks, IReadOnlyList<AttackRow> rows) =>
        [.. rows.Select(row => new JsonObject
    {
        ["rule"] = row.Defence,
        ["accuracies"] = new JsonObject(
            [.. attacks.Prepend(None)
                .Zip(row.Accuracies, (attack, accuracy) =>
                    KeyValuePair.Create<string, JsonNode?>(attack, double.IsNaN(accuracy) ? null : accuracy))]),
        ["worstLoss"] = row.Worst,
    })];

    public static string Page(string name, string subtitle, IReadOnlyList<string> attacks, IReadOnlyList<AttackRow> rows) =>
        Pages.Charts.Page.Render($"{name} under attack", subtitle,
        Html.Section("Accuracy by rule and attack", Html.Table(
            ["rule", None, .. attacks, "worst loss"],
            [.. rows.Select(row => (Cell[])[row.Defence,
                .. row.Accuracies.Select(accuracy =>
                    new Cell(Percent(accuracy), IsNumber: true, double.IsNaN(accuracy) ? 0 : accuracy)),
                    Cell.Number(Points(row.Worst))])]),
            "Of the model after the last round, on the test samples. The bar under a number is as long as it is. Hostile "
                + "clients know all honest updates of a round and act as one, which is more than clients can."),
        "The worst loss is between the accuracy without an attack and the lowest under one, by the same rule.");

    static string Percent(double accuracy) => double.IsNaN(accuracy) ? "ruined" : Quantity.Percent(accuracy);

    static string Points(double loss) => string.Create(CultureInfo.InvariantCulture, $"{loss * 100:0.0} points");
}
