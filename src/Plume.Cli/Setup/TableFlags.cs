using System.CommandLine;
using System.Globalization;
using System.Text;
using Plume.Cli.Errors;
using Plume.Cli.Setup.Sources;
using Plume.Learning.Data.Tables;

namespace Plume.Cli.Setup;

/// <summary>The options of a command that makes a model of a table, beside those of <see cref="WorkOptions"/>.</summary>
sealed class TableFlags
{
    readonly Option<bool> normalize = new("--normalize")
    {
        Description = "Normalize each column of numbers to mean 0 and deviation 1; the model says so to whoever runs it with plume.",
    };
    readonly Option<string[]> leftOut = LeftOutOption();
    readonly Option<string[]> categories = CategoriesOption();
    readonly Option<string> missing = new("--missing")
    {
        Description = "What becomes of empty cells: refuse, or mean, the column's mean over the training rows; of names none.",
        DefaultValueFactory = _ => "refuse",
    };
    readonly Option<string?> columns = new("--columns")
    {
        Description = "A summary of all clients' rows (plume summarize), to normalize and to name columns' cells by instead of this "
            + "table's.",
    };
    readonly Option<string?> shape = new("--shape")
    {
        Description = "The shape of a sample whose values are a table's columns, for a picture channels first: 1x28x28.",
    };

    /// <summary>Adds the options to a command.</summary>
    public TableFlags(Command command)
    {
        missing.AcceptOnlyFromAmong("refuse", "mean");
        foreach (var option in (Option[])[normalize, leftOut, categories, missing, columns, shape])
            command.Options.Add(option);
    }

    /// <summary>Columns that are no features.</summary>
    public static Option<string[]> LeftOutOption() => new("--leave-out")
    {
        Description = "A column of a table that is no feature; may stand several times.",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Columns of numbers that are names.</summary>
    public static Option<string[]> CategoriesOption() => new("--category")
    {
        Description = "A column of a table whose numbers are names, such as postal codes; may stand several times.",
        DefaultValueFactory = _ => [],
    };

    /// <summary>How a table is read, by what the line says.</summary>
    /// <exception cref="CliException">A value is none.</exception>
    public TableUse Read(ParseResult line, TableUse use) => use with
    {
        Terms = use.Terms with { LeftOut = line.GetValue(leftOut)!, Categories = line.GetValue(categories)! },
        IsNormalized = line.GetValue(normalize),
        FillsEmpty = line.GetValue(missing) == "mean",
        Summary = line.GetValue(columns) is { } file ? SummaryOf(file, "--columns") : null,
        Shape = line.GetValue(shape) is { } text ? ShapeOf(text)
            ?? throw new CliException(ExitCode.Usage, $"--shape must be lengths from 1 up with x between, as in 1x28x28, but is '{text}'.")
            : null,
    };

    /// <summary>A shape such as 1x28x28; null where the text is none.</summary>
    public static IReadOnlyList<int>? ShapeOf(string text)
    {
        var lengths = new List<int>();
        foreach (string part in text.Split('x'))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                || length is < 1 or > 1_000_000)
                return null;
            lengths.Add(length);
        }

        return lengths;
    }

    /// <summary>A summary in a file.</summary>
    /// <exception cref="CliException">There is no such file.</exception>
    /// <exception cref="Compression.Wire.InvalidPayloadException">It is no summary.</exception>
    public static TableSummary SummaryOf(string file, string named) => File.Exists(file)
        ? TableSummary.Read(File.ReadAllText(file, Encoding.UTF8), file)
        : throw new CliException(ExitCode.Input, $"{named} names '{file}', which does not exist.");
}
