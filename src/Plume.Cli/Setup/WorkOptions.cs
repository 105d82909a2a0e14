using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Randomness;
using Plume.Learning.Data.Tables;

namespace Plume.Cli.Setup;

/// <summary>The options that every command which learns or measures has.</summary>
sealed class WorkOptions
{
    readonly Option<string?> data = new("--data") { Description = $"The data: {DataSource.Kinds}." };
    readonly Option<string> label = new("--label")
    {
        Description = "The column of a table that holds the class.",
        DefaultValueFactory = _ => TableTerms.UsualLabel,
    };
    readonly Option<string?> target = TargetOption();
    readonly Option<string> test = new("--test")
    {
        Description = "The rows of a table that are kept to measure on: share(20%), file(PATH), or column(NAME=VALUE), those with the "
            + "value in the column.",
        DefaultValueFactory = _ => TestRows.Default.ToString(),
    };
    readonly Option<long> seed = new("--seed") { Description = "Where all chance comes from.", DefaultValueFactory = _ => 1 };
    readonly Option<int> threads = new("--threads")
    {
        Description = "Threads to train with; the result does not depend on it.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="needsData">Whether it can do nothing without data.</param>
    /// <param name="moreData">Other kinds of data that it takes; null for none.</param>
    public WorkOptions(Command command, bool needsData = true, string? moreData = null)
    {
        if (moreData is not null)
            data.Description = $"The data: {DataSource.Kinds}; {moreData}.";
        data.Required = needsData;
        command.Options.Add(data);
        command.Options.Add(label);
        command.Options.Add(target);
        command.Options.Add(test);
        command.Options.Add(seed);
        command.Options.Add(threads);
    }

    /// <summary>What the line says.</summary>
    /// <exception cref="CliException">A number is out of its range.</exception>
    public Work Read(ParseResult line)
    {
        int count = line.GetValue(threads);
        RunOptions.CheckThreads(count);
        return new Work(line.GetValue(data),
            new TableUse(Terms(line, label, target)) { Test = Rows(line.GetValue(test)!) },
            RandomKey.FromSeed((ulong)line.GetValue(seed)), count);
    }

    /// <summary>The column of numbers to predict.</summary>
    public static Option<string?> TargetOption() => new("--target")
    {
        Description = "The column of a table that holds a number to predict, in place of a class.",
    };

    /// <summary>Which column of a table is learned.</summary>
    /// <exception cref="CliException">Both a class and a number are named.</exception>
    public static TableTerms Terms(ParseResult line, Option<string> label, Option<string?> target)
    {
        if (line.GetValue(target) is not { } number)
            return new TableTerms(line.GetValue(label)!);
        return line.GetResult(label) is { Implicit: false }
            ? throw new CliException(ExitCode.Usage, "--label names a column of classes and --target one of numbers to predict; give one of them.")
            : new TableTerms(number) { IsTarget = true };
    }

    static TestRows Rows(string text)
    {
        try
        {
            return TestRows.Parse(text);
        }
        catch (FormatException mistake)
        {
            throw new CliException(ExitCode.Usage, $"--test: {mistake.Message}", mistake);
        }
    }
}

/// <summary>What a command works with.</summary>
/// <param name="Data">The value of --data, or null.</param>
/// <param name="Table">How a table is read.</param>
/// <param name="Key">The root of all draws.</param>
/// <param name="Threads">How many threads train.</param>
sealed record Work(string? Data, TableUse Table, RandomKey Key, int Threads)
{
    /// <summary>Loads the data for a model.</summary>
    /// <exception cref="CliException">There is none, or it cannot be read.</exception>
    public DataSource Load(Models.Graph.ModelGraph? graph) => Data is null
        ? throw new CliException(ExitCode.Usage, $"This needs data: name it with --data, which is {DataSource.Kinds}.")
        : DataSource.Load(Data, Table, graph);
}
