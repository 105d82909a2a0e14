using System.Globalization;
using System.Text;
using Parquet;
using Parquet.Schema;
using Plume.Cli.Report;
using Plume.Cli.Runs;

namespace Plume.Cli.Exports;

/// <summary>
/// The rounds of a run as a table, for spreadsheets and notebooks: a row for each round, that of the baseline below.
/// </summary>
static class MetricsTable
{
    static readonly (string Name, Func<RoundLine, double?> Value)[] Figures =
    [
        ("accuracy", round => round.Accuracy),
        ("loss", round => round.Loss),
        ("seconds", round => round.Seconds),
        ("clientSeconds", round => round.ClientSeconds),
        ("norm", round => round.Norm),
        ("epsilon", round => round.Epsilon),
        ("nextClip", round => round.NextClip),
        ("spread", round => round.Spread),
        ("staleness", round => round.Staleness),
        ("linkSeconds", round => round.LinkSeconds),
        ("macroF1", round => round.MacroF1),
    ];

    static readonly (string Name, Func<RoundLine, long> Value)[] Counts =
    [
        ("round", round => round.Round),
        ("uplinkBytes", round => round.UplinkBytes),
        ("downlinkBytes", round => round.DownlinkBytes),
        ("accepted", round => round.Accepted),
        ("bounded", round => round.Bounded.Count),
        ("refused", round => round.Refused.Count),
    ];

    /// <summary>Every number of a round that there is, by its name.</summary>
    public static IEnumerable<(string Name, double Value)> NumbersOf(RoundLine round) => Counts.Skip(1)
        .Select(count => (count.Name, (double)count.Value(round)))
        .Concat(Figures.Where(figure => figure.Value(round) is not null).Select(figure => (figure.Name,
            figure.Value(round)!.Value)));

    /// <summary>As separated text with a header; what was not measured is empty.</summary>
    public static byte[] Csv(StoredRun run)
    {
        var text = new StringBuilder();
        text.AppendJoin(',', ["run", .. Counts.Select(count => count.Name), .. Figures.Select(figure => figure.Name)]).Append('\n');
        foreach (var (name, round) in Rows(run))
            text.AppendJoin(',', [name, .. Counts.Select(count => count.Value(round).ToString(CultureInfo.InvariantCulture)),
                .. Figures.Select(figure => figure.Value(round)?.ToString("R", CultureInfo.InvariantCulture) ?? "")]).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The same as Parquet.</summary>
    public static byte[] Parquet(StoredRun run)
    {
        var rows = Rows(run).ToList();
        var name = new DataField<string>("run");
        var counts = Array.ConvertAll(Counts, count => new DataField<long>(count.Name));
        var figures = Array.ConvertAll(Figures, figure => new DataField<double?>(figure.Name));
        using var bytes = new MemoryStream();
        Write().GetAwaiter().GetResult();
        return bytes.ToArray();

        async Task Write()
        {
            await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema([name, .. counts, .. figures]), bytes);
            using var group = writer.CreateRowGroup();
            await group.WriteAsync(name, [.. rows.Select(row => row.Name)]);
            for (int i = 0; i < counts.Length; i++)
                await group.WriteAsync<long>(counts[i], rows.Select(row => Counts[i].Value(row.Round)).ToArray());
            for (int i = 0; i < figures.Length; i++)
                await group.WriteAsync<double>(figures[i], rows.Select(row => Figures[i].Value(row.Round)).ToArray());
        }
    }

    static IEnumerable<(string Name, RoundLine Round)> Rows(StoredRun run) => run.Rounds.Select(round => ("compressed", round))
        .Concat((run.Baseline ?? []).Select(round => ("fp32", round)));
}
