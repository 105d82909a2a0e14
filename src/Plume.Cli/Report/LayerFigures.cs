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
sealed record LayerFigures(string Name, IReadOnlyList<int> Before, IReadOnlyList<int> After, int Values, int Bits, double Zeros, string Histogram)
{
    const int Bars = 16;
    const string Heights = " ▁▂▃▄▅▆▇█";

    /// <summary>The weights of all layers, in the order of both graphs, whose layers are the same.</summary>
    public static IReadOnlyList<LayerFigures> Of(ModelGraph before, ModelGraph after) =>
        [.. Weights(before).Zip(Weights(after), (old, now) => Of(old, now))];

    static LayerFigures Of(Initializer old, Initializer now)
    {
        double[] values = ValuesOf(now);
        return new LayerFigures(old.Name, old.Shape, now.Shape, now.Length, now.ElementType.IsHalfByte() ? 4 : 8 * now.ElementType.Size(),
            (double)values.Count(value => value == 0) / Math.Max(1, values.Length), HistogramOf(values));
    }

    static IEnumerable<Initializer> Weights(ModelGraph graph) => graph.Nodes
        .Where(node => node.OpType is "Conv" or "Gemm" or "MatMul")
        .Select(node => graph.FindInitializer(node.Inputs[1]) ?? (graph.ProducerOf(node.Inputs[1]) is { OpType: "DequantizeLinear" } integers ? graph.FindInitializer(integers.Inputs[0]) : null))
        .OfType<Initializer>();

    static double[] ValuesOf(Initializer tensor) => tensor.ElementType == ElementType.Float
        ? [.. tensor.Floats.ToArray().Select(value => (double)value)]
        : [.. tensor.ToSmallIntegers().Select(value => (double)value)];

    static string HistogramOf(double[] values)
    {
        if (values.Length == 0)
            return "";
        double low = values.Min(), high = values.Max();
        var counts = new int[Bars];
        foreach (double value in values)
            counts[high > low ? Math.Min(Bars - 1, (int)((value - low) / (high - low) * Bars)) : Bars / 2]++;
        return string.Concat(counts.Select(count => Heights[(int)Math.Ceiling((Heights.Length - 1.0) * count / counts.Max())]));
    }
}
