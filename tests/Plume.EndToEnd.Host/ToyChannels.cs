using Plume.Compression.Weights;
using Plume.Federation.Methods;

namespace Plume.EndToEnd.Host;

/// <summary>The rows of a toy's matrix as channels: those whose biases are largest stay.</summary>
sealed class ToyChannels(ModelLayout layout) : IModelChannels
{
    public double MostShare => 0.9;

    public IReadOnlyList<AxisCut> Without(ReadOnlyMemory<float> weights, double share)
    {
        var bias = layout["dense.bias"];
        int kept = bias.Length - (int)(share * bias.Length);
        int[] rows = [.. Enumerable.Range(0, bias.Length).OrderByDescending(row => Math.Abs(weights.Span[bias.Offset + row]))
            .Take(kept).Order()];
        return [new AxisCut(ToyPlan.Weight, 0, rows), new AxisCut("dense.bias", 0, rows)];
    }
}
