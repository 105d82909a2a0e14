using Plume.Models.Graph;
using Plume.Models.Quantize;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Tests;

/// <summary>Models with fake quantization, calibrated on normal images.</summary>
static class Calibrated
{
    public static ModelGraph Model(string name, QuantizationScheme scheme) =>
        Quantize(BatchNormFolding.Apply(Some.Trained(Some.Model(name))), Images(4), scheme);

    public static NaiveTensor Images(int batch) =>
        new([batch, .. Some.Image], [.. Some.Normal(batch * 28 * 28, "images").Select(value => (double)value)]);

    public static ModelGraph Quantize(ModelGraph graph, NaiveTensor samples, QuantizationScheme scheme)
    {
        var values = NaiveForward.Values(graph, samples);
        var seen = new Dictionary<string, ActivationHistogram>();
        foreach (string name in FakeQuantization.ValuesToCalibrate(graph, scheme))
            (seen[name] = new()).Add([.. values[name].Values.Select(value => (float)value)]);
        return FakeQuantization.Insert(graph, scheme, seen);
    }
}
