using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plume.Cli.Experiments.Json;

namespace Plume.Cli.Experiments.Keys;

/// <summary>A whole number in a closed range.</summary>
sealed record IntegerKey(string Name, string Description, long Minimum, long Maximum) : Key(Name, Description)
{
    public override string Rule => $"a whole number from {Minimum} to {Maximum}";

    public override object? Read(JsonTree json) =>
        json.Kind == JsonTokenType.Number
        && long.TryParse(json.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
        && number >= Minimum && number <= Maximum ? number : null;

    public override JsonObject Schema() => new() { ["type"] = "integer", ["minimum"] = Minimum, ["maximum"] = Maximum };
}

/// <summary>
/// A number from <paramref name="Minimum"/>, or above it when <see cref="Above"/>, to <paramref name="Maximum"/>, or below it
/// when <see cref="Below"/>.
/// </summary>
sealed record NumberKey(string Name, string Description, double Minimum, double Maximum = double.PositiveInfinity) : Key(Name,
    Description)
{
    /// <summary>The minimum itself is not allowed.</summary>
    public bool Above { get; init; }

    /// <summary>The maximum itself is not allowed.</summary>
    public bool Below { get; init; }

    public override string Rule => (Above ? $"a number above {Minimum}" : $"a number from {Minimum}")
        + (double.IsInfinity(Maximum) ? Above ? "" : " up" : Below ? $" and below {Maximum}" : Above ? $" and at most {Maximum}"
        : $" to {Maximum}");

    public override object? Read(JsonTree json)
    {
        if (json.Kind != JsonTokenType.Number
            || !double.TryParse(json.Text, Number, CultureInfo.InvariantCulture, out double number))
            return null;
        bool high = Below ? number < Maximum : number <= Maximum;
        bool low = Above ? number > Minimum : number >= Minimum;
        return high && low && double.IsFinite(number) ? number : null;
    }

    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = "number", [Above ? "exclusiveMinimum" : "minimum"] = Minimum };
        if (double.IsFinite(Maximum))
            schema[Below ? "exclusiveMaximum" : "maximum"] = Maximum;
        return schema;
    }
}

/// <summary>True or false.</summary>
sealed record FlagKey(string Name, string Description) : Key(Name, Description)
{
    public override string Rule => "true or false";

    public override object? Read(JsonTree json) => json.Kind switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => null,
    };

    public override JsonObject Schema() => new() { ["type"] = "boolean" };
}
