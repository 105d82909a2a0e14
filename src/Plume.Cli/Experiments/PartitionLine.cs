using System.Globalization;

namespace Plume.Cli.Experiments;

/// <summary>How samples are dealt to clients, as the experiment file writes it.</summary>
/// <param name="Word">iid, dirichlet, shards, column or file.</param>
/// <param name="Argument">What stands in the parentheses; empty for iid.</param>
sealed record PartitionLine(string Word, string Argument)
{
    /// <summary>Matches every valid line.</summary>
    public const string Pattern = @"^(iid|dirichlet\([0-9.eE+-]+\)|shards\([0-9]+\)|column\(.+\)|file\(.+\))$";

    public static PartitionLine Iid { get; } = new("iid", "");

    /// <summary>Whether the partition brings its own number of clients.</summary>
    public bool CountsClients => Word is "column" or "file";

    /// <summary>The argument of dirichlet.</summary>
    public double Alpha => double.Parse(Argument, CultureInfo.InvariantCulture);

    /// <summary>The argument of shards.</summary>
    public int Classes => int.Parse(Argument, CultureInfo.InvariantCulture);

    /// <summary>Reads a line; a path in it is relative to <paramref name="folder"/>.</summary>
    /// <exception cref="FormatException">The line breaks a rule; the message begins with "must" or "names".</exception>
    public static PartitionLine Parse(string text, string folder)
    {
        int open = text.IndexOf('(', StringComparison.Ordinal);
        string word = (open < 0 ? text : text[..open]).Trim();
        string argument = open < 0 ? "" : text[(open + 1)..].TrimEnd();
        if (open >= 0 && !argument.EndsWith(')'))
            throw new FormatException($"must end with ')', but is \"{text}\"");
        argument = open < 0 ? "" : argument[..^1].Trim();
        return word switch
        {
            "iid" when argument.Length == 0 => Iid,
            "dirichlet" when double.TryParse(argument, CultureInfo.InvariantCulture, out double alpha) && alpha > 0 && double.IsFinite(alpha) => new(word, argument),
            "shards" when int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out int classes) && classes > 0 => new(word, argument),
            "column" when argument.Length > 0 => new(word, argument),
            "file" when argument.Length > 0 => new(word, Path.GetFullPath(argument, folder)),
            _ => throw Refused(text, word),
        };
    }

    public override string ToString() => Argument.Length == 0 ? Word : $"{Word}({Argument})";

    static FormatException Refused(string text, string word) => new(word switch
    {
        "iid" => $"must have no argument for iid, but is \"{text}\"",
        "dirichlet" => $"must have a concentration above 0, as in dirichlet(0.3), but is \"{text}\"",
        "shards" => $"must have a number of classes a client from 1 up, as in shards(2), but is \"{text}\"",
        "column" => $"must name a column, as in column(site), but is \"{text}\"",
        "file" => $"must name a JSON file, as in file(split.json), but is \"{text}\"",
        _ => $"must be iid, dirichlet(alpha), shards(k), column(name) or file(path), but is \"{text}\"; "
            + Nearest.To(word, ["iid", "dirichlet", "shards", "column", "file"], "the nearest is \"{0}\""),
    });
}
