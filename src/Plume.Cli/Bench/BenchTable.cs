using System.Globalization;
using Plume.Cli.Terminal;
using Plume.Compression.Wording;
using Plume.Pages.Charts;

namespace Plume.Cli.Bench;

/// <summary>The figures as text: a paragraph a file, with the same columns in all.</summary>
static class BenchTable
{
    static readonly string[] Heads = ["codec", ">bytes", ">bits/param", ">NMSE", ">encode GB/s", ">decode GB/s", ">add GB/s"];

    /// <summary>The paragraphs; after those of several files one with the means.</summary>
    public static string Print(IReadOnlyList<CodecFigures> figures)
    {
        List<CodecFigures> all = [.. figures, .. Means(figures)];
        string[] lines = TextTable.Print(Heads, all.Select(Cells)).TrimEnd('\n').Split('\n');
        var rows = all.Zip(lines.Skip(1), (figure, line) => (figure, line));
        return string.Join('\n', rows.GroupBy(row => row.figure.File).Select(file =>
            $"{Title(file.First().figure)}\n{lines[0]}\n{string.Concat(file.Select(row => row.line + "\n"))}"));
    }

    /// <summary>One row a codec over all files; none where there is one file only.</summary>
    public static IReadOnlyList<CodecFigures> Means(IReadOnlyList<CodecFigures> figures)
    {
        int files = figures.Select(figure => figure.File).Distinct().Count();
        return files < 2 ? [] : [.. figures.GroupBy(figure => figure.Codec)
            .Select(codec => CodecFigures.Mean($"mean of {files} files", [.. codec]))];
    }

    static string Title(CodecFigures first) =>
        $"{Printable.Name(first.File)}: {Whole(first.Values)} values, {Quantity.Bytes(sizeof(float) * first.Values)} in 32-bit "
            + $"floats";

    static string[] Cells(CodecFigures row) =>
    [
        row.Codec, Whole(row.Bytes), $"{row.BitsPerParameter:0.000}", Nmse(row.Nmse), Speed(row.EncodeGBs), Speed(row.DecodeGBs),
        Speed(row.AddGBs),
    ];

    static string Whole(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    static string Nmse(double nmse) => nmse switch
    {
        0 => "0",
        < 0.001 => nmse.ToString("0.00e-0", CultureInfo.InvariantCulture),
        _ => $"{nmse:0.00000}",
    };

    static string Speed(double? speed) => speed switch
    {
        null => "-",
        < 9.995 => $"{speed:0.00}",
        _ => $"{speed:0.0}",
    };
}
