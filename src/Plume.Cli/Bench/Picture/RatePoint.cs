namespace Plume.Cli.Bench.Picture;

/// <summary>A codec in a picture of rate and distortion.</summary>
/// <param name="Codec">The line, which labels the point.</param>
/// <param name="Family">The stages without their arguments: codecs of one family are joined.</param>
/// <param name="Bits">Bits per parameter, over all files.</param>
/// <param name="Nmse">Mean over all files.</param>
/// <param name="Files">Every file by itself; empty where there is one only.</param>
sealed record RatePoint(string Codec, string Family, double Bits, double Nmse, IReadOnlyList<(double Bits, double Nmse)> Files)
{
    /// <summary>One point a codec; a codec without any error has no place in decibels and is left out.</summary>
    public static List<RatePoint> Of(IReadOnlyList<CodecFigures> figures) =>
        [.. figures.GroupBy(figure => figure.Codec).Select(codec => Of(codec.Key, [.. codec])).Where(point => point.Nmse > 0)];

    static RatePoint Of(string codec, List<CodecFigures> files) => new(
        codec,
        string.Join(" | ", Plume.Compression.Codecs.Codec.Parse(codec).Stages.Select(stage => stage.Keyword)),
        files.Average(file => file.BitsPerParameter),
        files.Average(file => file.Nmse),
        files.Count == 1 ? [] : [.. files.Where(file => file.Nmse > 0).Select(file => (file.BitsPerParameter, file.Nmse))]);
}
