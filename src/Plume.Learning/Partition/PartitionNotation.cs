using System.Globalization;

namespace Plume.Learning.Partition;

/// <summary>Reads the text of a <see cref="Partition"/>.</summary>
static class PartitionNotation
{
    // A null reading is an argument that is not what the third column asks for.
    static readonly (string Word, string Argument, string Rule, Func<string, Partition?> Read)[] Catalogue =
    [
        ("iid", "", "", _ => new Iid()),
        ("dirichlet", "alpha", $"a number above 0 and at most {Dirichlet.MostConcentration}", ReadDirichlet),
        ("shards", "count", $"a whole number from 1 to {Shards.MostShards}", ReadShards),
        ("column", "name", "the name of a column", text => new ByColumn(text)),
        ("file", "path", "the path of a JSON file", text => new FromFile(text)),
    ];

    public static Partition Parse(string text)
    {
        int start = text.Length - text.TrimStart().Length;
        string piece = text.Trim();
        int open = piece.IndexOf('(', StringComparison.Ordinal);
        string word = (open < 0 ? piece : piece[..open]).TrimEnd();
        var entry = Array.Find(Catalogue, candidate => candidate.Word == word);
        if (entry.Read is null)
            throw Error(text, start, word.Length == 0 ? $"a partition is missing; known are {Known}"
                : $"'{word}' is not a partition; known are {Known}");
        if (entry.Argument.Length == 0)
            return open < 0 ? entry.Read("")! : throw Error(text, start + open, $"'{word}' takes no argument");
        if (open < 0)
            throw Error(text, start + piece.Length, $"'{word}' needs its {entry.Argument} in brackets, {entry.Rule}");
        if (!piece.EndsWith(')'))
            throw Error(text, start + piece.Length, $"the {entry.Argument} of '{word}' needs a closing ')'");

        string inside = piece[(open + 1)..^1], argument = inside.Trim();
        int place = start + open + 1 + (inside.Length - inside.TrimStart().Length);
        return (argument.Length > 0 ? entry.Read(argument) : null)
            ?? throw Error(text, place, $"'{argument}' must be the {entry.Argument} of '{word}', {entry.Rule}");
    }

    static string Known => string.Join(", ",
        Catalogue.Select(entry => entry.Argument.Length == 0 ? entry.Word : $"{entry.Word}({entry.Argument})"));

    static Dirichlet? ReadDirichlet(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value is > 0
            and <= Dirichlet.MostConcentration
            ? new Dirichlet(value)
            : null;

    static Shards? ReadShards(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value is >= 1
            and <= Shards.MostShards ? new Shards(value) : null;

    static FormatException Error(string text, int index, string problem) =>
        new($"Partition '{text}', column {index + 1}: {problem}.");
}
