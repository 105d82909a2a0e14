using System.CommandLine;
using System.Globalization;
using System.Text;
using Plume.Cli.Errors;
using Plume.Cli.Outputs;
using Plume.Cli.Setup;
using Plume.Cli.Terminal;
using Plume.Learning.Data.Tables;

namespace Plume.Cli.Commands;

/// <summary><c>plume summarize</c>: what must be known of all clients' rows before a model can be made.</summary>
static class SummarizeCommand
{
    const int FewRows = 10;

    public static Command Create()
    {
        var files = new Argument<string[]>("files")
        {
            Description = "Tables, or summaries of tables (.json), which are merged.",
            Arity = ArgumentArity.OneOrMore,
        };
        var label = new Option<string>("--label")
        {
            Description = "The column that holds the class.",
            DefaultValueFactory = _ => TableTerms.UsualLabel,
        };
        var target = WorkOptions.TargetOption();
        var leftOut = TableFlags.LeftOutOption();
        var categories = TableFlags.CategoriesOption();
        var output = new Option<string>("-o", "--output") { Description = "The file to write.", Required = true };
        var command = new Command("summarize", "Summarize the columns of tables, for a model that all clients share.")
        {
            files, label, target, leftOut, categories, output,
        };
        command.SetAction(line => (int)Run(line.GetValue(files)!, WorkOptions.Terms(line, label, target) with
        {
            LeftOut = line.GetValue(leftOut)!,
            Categories = line.GetValue(categories)!,
        }, line.GetValue(output)!));
        return command;
    }

    static ExitCode Run(string[] files, TableTerms terms, string output)
    {
        using var target = OutputFile.At(output, files);
        var summary = files.Select(file => Of(file, terms)).Aggregate((one, two) => one.Merge(two));
        target.Write(Encoding.UTF8.GetBytes(summary.ToJson()));
        target.Keep();
        Console.Out.Write(Table(summary));
        long rows = summary.Columns.Max(column => column.Count + column.Missing);
        if (rows < FewRows)
            Tell.Note($"A mean over {rows} rows says much about each of them: think before you give '{output}' away.");
        return ExitCode.Done;
    }

    static TableSummary Of(string file, TableTerms terms)
    {
        if (Path.GetExtension(file).Equals(".json", StringComparison.OrdinalIgnoreCase))
            return TableFlags.SummaryOf(file, "An argument");
        if (!File.Exists(file))
            throw new CliException(ExitCode.Input, $"'{file}' does not exist.");
        var table = Learning.Data.Tables.Table.Read(file, terms);
        return table.Summarize([.. Enumerable.Range(0, table.Count)]);
    }

    static string Table(TableSummary summary) => TextTable.Print(["column", ">rows", ">empty", ">mean", ">deviation", "names"],
        summary.Columns.Concat(summary.Target is null ? [] : [summary.Target]).Select(column => (string[])
        [
            column.Name, column.Count.ToString("N0", CultureInfo.InvariantCulture), column.Missing.ToString("N0", CultureInfo.InvariantCulture),
            column.Categories is null ? Number(column.Mean) : "", column.Categories is null ? Number(Math.Sqrt(column.Deviations / Math.Max(1, column.Count))) : "",
            column.Categories is null ? "" : column.Categories.Count <= 6 ? string.Join(", ", column.Categories) : $"{column.Categories.Count} names",
        ]));

    static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
