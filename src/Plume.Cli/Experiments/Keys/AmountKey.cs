using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plume.Cli.Experiments.Json;

namespace Plume.Cli.Experiments.Keys;

/// <summary>So many of a whole: a count, or a share of it.</summary>
readonly record struct Amount(long Count, double Share)
{
    public static Amount All => new(0, 1);

    /// <summary>The count that this amount is of a whole; a share is rounded to the nearest, at least 1.</summary>
    public int Of(int whole) => Count > 0
        ? (int)Math.Min(Count, int.MaxValue)
        : Math.Max(1, (int)Math.Round(Share * whole, MidpointRounding.AwayFromZero));

    public override string ToString() => Count > 0 ? $"{Count}" : $"{Share * 100:0.######}%";
}

/// <summary>A count from 1, or a share such as "20%".</summary>
sealed record AmountKey(string Name, string Description) : Key(Name, Description)
{
    public override string Rule => "a whole number from 1 up, or a share such as \"20%\"";

    public override object? Read(JsonTree json) => json.Kind switch
    {
        JsonTokenType.Number when long.TryParse(json.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long count)
            && count >= 1 =>
            new Amount(count, 0),
        JsonTokenType.String when json.Text.EndsWith('%')
            && double.TryParse(json.Text.AsSpan(..^1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                out double percent)
            && percent is > 0 and <= 100 => new Amount(0, percent / 100),
        _ => null,
    };

    public override JsonNode? Write(object? value) =>
        value is Amount { Count: > 0 } amount ? JsonValue.Create(amount.Count) : JsonValue.Create(value?.ToString());

    public override JsonObject Schema() => new()
    {
        ["oneOf"] = new JsonArray(
            new JsonObject { ["type"] = "integer", ["minimum"] = 1 },
            new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9]+(\\.[0-9]+)?%$" }),
    };
}
