using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plume.Cli.Experiments.Json;

namespace Plume.Cli.Experiments.Keys;

/// <summary>
/// One key of the experiment file: what it means, what may stand there, what stands there when nothing does. The parser,
/// the JSON schema and the resolved experiment.json are all made from it.
/// </summary>
/// <param name="Name">The key as written.</param>
/// <param name="Description">What it means, in one or two sentences; an editor shows it.</param>
abstract record Key(string Name, string Description)
{
    /// <summary>How a number may be written: as in JSON, and with a plus.</summary>
    protected const NumberStyles Number = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint
        | NumberStyles.AllowExponent;

    /// <summary>The value when the key is not written; null when it then has none.</summary>
    public object? Default { get; init; }

    /// <summary>Whether the experiment is wrong without it.</summary>
    public bool Required { get; init; }

    /// <summary>What may stand there, to follow "must be".</summary>
    public abstract string Rule { get; }

    /// <summary>The value that the JSON means, or null when it breaks <see cref="Rule"/>.</summary>
    /// <exception cref="FormatException">It breaks a rule that has more to say than <see cref="Rule"/>.</exception>
    public abstract object? Read(JsonTree json);

    /// <summary>The schema of the value, without description and default.</summary>
    public abstract JsonObject Schema();

    /// <summary>The value as JSON, such that reading gives it back.</summary>
    public virtual JsonNode? Write(object? value) => value switch
    {
        null => null,
        bool flag => JsonValue.Create(flag),
        long number => JsonValue.Create(number),
        double number => JsonValue.Create(number),
        _ => JsonValue.Create(value.ToString()),
    };

    /// <summary>
    /// How the text after <c>--set key=</c> reads as JSON: as it stands where it is a literal, else as a string.
    /// </summary>
    public virtual JsonTree FromText(string text, Place place)
    {
        var kind = text switch
        {
            "true" => JsonTokenType.True,
            "false" => JsonTokenType.False,
            _ when double.TryParse(text, Number, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) =>
                JsonTokenType.Number,
            _ => JsonTokenType.String,
        };
        return new JsonTree(kind, text, place, []);
    }
}
