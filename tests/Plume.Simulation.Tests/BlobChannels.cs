using Plume.Federation.Methods;

namespace Plume.Simulation.Tests;

/// <summary>The inputs of <see cref="Blobs"/> as channels: those with the largest weights stay.</summary>
sealed class BlobChannels : IModelChannels
{
    public double MostShare => 0.9;

    public IReadOnlyList<AxisCut> Without(ReadOnlyMemory<float> weights, double share)
    {
        int kept = Blobs.Inputs - (int)(share * Blobs.Inputs);
        double[] sizes = [.. Enumerable.Range(0, Blobs.Inputs)
            .Select(input => Enumerable.Range(0, Blobs.Classes)
                .Sum(k => Math.Abs((double)weights.Span[k * Blobs.Inputs + input])))];
        return [new AxisCut("w", 1,
            [.. Enumerable.Range(0, Blobs.Inputs).OrderByDescending(input => sizes[input]).Take(kept).Order()])];
    }
}
