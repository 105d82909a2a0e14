using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Learning.Data.Tables;

/// <summary>A table of which some rows are kept for measuring: nothing that a model is made of is learned of them.</summary>
public sealed class SplitTable
{
    readonly Table table;
    readonly Table? other;
    readonly int[] train, test;

    SplitTable(Table table, Table? other, (int[] Train, int[] Test) rows) =>
        (this.table, this.other, train, test) = (table, other, rows.Train, rows.Test);

    /// <summary>Number of rows to learn from.</summary>
    public int Count => train.Length;

    /// <summary>The labels and clients of the rows to learn from, without their values: to deal them out.</summary>
    public LabeledSet Unseen => table.Unseen("train", train);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The table.</param>
    /// <param name="terms">Which columns are what.</param>
    /// <param name="test">Which rows are kept for measuring.</param>
    /// <param name="key">Where a share of them is drawn from.</param>
    /// <param name="schema">What the model takes, or null.</param>
    /// <param name="classes">Number of classes, or null for those that occur.</param>
    /// <exception cref="InvalidPayloadException">A file breaks a rule; the message has its place.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static SplitTable Read(string path, TableTerms terms, TestRows test, RandomKey key, SampleSchema? schema = null,
        int? classes = null)
    {
        ArgumentNullException.ThrowIfNull(test);
        var table = Table.Read(path, terms, schema, classes, (test as TestColumn)?.Column);
        if (test is not TestFile file)
            return new SplitTable(table, null, test.Split(table, key));
        var wanted = schema?.Columns is null ? table.Summarize([.. Enumerable.Range(0, table.Count)]).Schema() : schema;
        return new SplitTable(table, Table.Read(file.Path, terms with { Client = null },
            wanted with { Classes = table.ClassNames },
            table.ClassNames is null && wanted.Target is null ? table.Classes : null), test.Split(table, key));
    }

    /// <summary>What is learned of the rows to learn from, before a model is.</summary>
    public TableSummary Summarize() => table.Summarize(train);

    /// <summary>
    /// The same where each client summarizes its own rows, and the summaries are merged in the order of clients.
    /// </summary>
    /// <param name="clients">For each client the places of its rows in <see cref="Unseen"/>.</param>
    public TableSummary Summarize(IReadOnlyList<int[]> clients)
    {
        ArgumentNullException.ThrowIfNull(clients);
        return clients.Select(own => table.Summarize([.. own.Select(place => train[place])])).Aggregate((one, two) =>
            one.Merge(two));
    }

    /// <summary>The rows to learn from and those to measure on, as a model sees them.</summary>
    /// <exception cref="InvalidPayloadException">A cell is empty, and the schema does not say what stands for it.</exception>
    public (LabeledSet Train, LabeledSet Test) Sets(SampleSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (schema.Columns is null)
        {
            var learned = Summarize().Schema();
            schema = learned with { Normalization = schema.Normalization, Target = schema.Target ?? learned.Target };
        }

        var all = table.ToSet(schema);
        return (all.Take("train", train), other?.ToSet(schema) ?? all.Take("test", test));
    }

    /// <summary>All rows, as a model sees them.</summary>
    /// <exception cref="InvalidPayloadException">A cell is empty, and the schema does not say what stands for it.</exception>
    public LabeledSet All(SampleSchema schema) => table.ToSet(schema);
}
