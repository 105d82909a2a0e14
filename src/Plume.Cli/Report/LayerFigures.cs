using Plume.Compression.Weights.Formats;
using Plume.Models.Graph;

namespace Plume.Cli.Report;

/// <summary>What became of one weight.</summary>
/// <param name="Name">Its name in the original.</param>
/// <param name="Before">Its shape in the original.</param>
/// <param name="After">Its shape now.</param>
/// <param name="Values">Its values now.</param>
/// <param name="Bits">Bits of a value now.</param>
/// <param name="Zeros">Share of zeros now.</param>
/// <param name="Histogram">How often each part of the range occurs, as bars of text.</param>
sealed record LayerFigures(string Name, IReadOnlyList<int> Before, IReadOnlyList<int> After, int Values, int Bits, double Zeros,
    string Histogram)
{
    const int MostBars = 16;
    const string Heights = " ▁▂▃▄▅▆▇█";

    /// <summary>The weights of all layers, in the order of both graphs, whose layers are the same.</summary>
    public static IReadOnlyList<LayerFigures> Of(ModelGraph before, ModelGraph after) =>
        [.. Weights(before).Zip(Weights(after), (old, now) => Of(old, now))];

    static LayerFigures Of(Initializer old, Initializer now)
    {
        double[] values = ValuesOf(now);
        return new LayerFigures(old.Name, old.Shape, now.Shape, now.Length, now.ElementType.IsHalfByte() ? 4
            : 8 * now.ElementType.Size(),
            (double)values.Count(value => value == 0) / Math.Max(1, values.Length),
            HistogramOf(values, now.ElementType == ElementType.Float));
    }

    static IEnumerable<Initializer> Weights(ModelGraph graph) => graph.Nodes
        .Where(node => node.OpType is "Conv" or "Gemm" or "MatMul")
        .Select(node => graph.FindInitializer(node.Inputs[1])
            ?? (graph.ProducerOf(node.Inputs[1]) is { OpType: "DequantizeLinear" } integers
            ? graph.FindInitializer(integers.Inputs[0]) : null))
        .OfType<Initializer>();

    static double[] ValuesOf(Initializer tensor) => tensor.ElementType == ElementType.Float
        ? [.. tensor.Floats.ToArray().Select(value => (double)value)]
        : [.. tensor.ToSmallIntegers().Select(value => (double)value)];

    // Levels that are few have a bar each.
    static string HistogramOf(double[] values, bool isContinuous)
    {
        if (values.Length == 0)
            return "";
        double low = values.Min(), high = values.Max();
        double width = isContinuous ? (high - low) / MostBars : Math.Ceiling((high - low + 1) / MostBars);
        var counts = new int[width > 0 ? Math.Min(MostBars, (int)((high - low) / width) + 1) : 1];
        foreach (double value in values)
            counts[width > 0 ? Math.Min(counts.Length - 1, (int)((value - low) / width)) : 0]++;
        return string.Concat(counts.Select(count => Heights[(int)Math.Ceiling((Heights.Length - 1.0) * count / counts.Max())]));
    }
}
