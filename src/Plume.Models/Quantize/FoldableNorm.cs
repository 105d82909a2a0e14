using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Quantize;

/// <summary>A normalization and what it can be folded into.</summary>
/// <param name="Graph">Where both stand.</param>
/// <param name="Norm">The normalization.</param>
/// <param name="Product">The Conv or Gemm before it.</param>
/// <param name="Quantize">What quantizes the weight, or null.</param>
/// <param name="Weight">The weight.</param>
/// <param name="Bias">The bias, or null.</param>
/// <param name="Axis">The weight's axis of output channels.</param>
/// <param name="OwnsWeight">Whether nothing else reads the weight.</param>
/// <param name="OwnsBias">Whether nothing else reads the bias.</param>
sealed record FoldableNorm(ModelGraph Graph, Node Norm, Node Product, Node? Quantize, Initializer Weight, Initializer? Bias,
    int Axis, bool OwnsWeight, bool OwnsBias)
{
    // Where a channel is switched off, its weights are 0 and any scale will do.
    const float LeastScale = 1.17549435e-38f;

    /// <summary>What a BatchNormalization can be folded into; null where it cannot.</summary>
    public static FoldableNorm? Find(ModelGraph graph, ILookup<string, Node> readers, Node norm)
    {
        bool IsOwn(string name) => readers[name].Count() == 1 && graph.Outputs.All(output => output.Name != name);
        if (norm.OpType != "BatchNormalization" || norm.Outputs.Skip(1).Any(output => output.Length > 0)
            || norm.Int("training_mode", 0) != 0)
            return null;
        if (!IsOwn(norm.Inputs[0]) || graph.ProducerOf(norm.Inputs[0]) is not { OpType: "Conv" or "Gemm" } product)
            return null;
        if (product.OpType == "Gemm" && (product.Float("alpha", 1) != 1 || product.Float("beta", 1) != 1))
            return null;
        var quantize = graph.ProducerOf(product.Inputs[1]) is { OpType: FakeQuantizer.OpType } found && IsOwn(product.Inputs[1])
            && IsOwn(found.Inputs[0]) && IsOwn(found.Inputs[1]) ? found : null;
        var weight = graph.FindFloats(quantize?.Inputs[0] ?? product.Inputs[1]);
        var bias = graph.FindFloats(product.Input(2));
        if (weight is null || (product.Input(2) is not null && bias is not { Shape.Count: 1 }))
            return null;
        int axis = product.OpType == "Gemm" && product.Int("transB", 0) == 0 ? 1 : 0;
        bool fits = Enumerable.Range(1, 4).All(slot => graph.FindFloats(norm.Input(slot))?.Length == weight.Shape[axis])
            && (bias is null || bias.Length == weight.Shape[axis])
            && (quantize is null || graph.FindFloats(quantize.Inputs[1]) is not null);
        return fits ? new(graph, norm, product, quantize, weight, bias, axis, quantize is not null
            || IsOwn(weight.Name), bias is not null && IsOwn(bias.Name)) : null;
    }

    /// <summary>
    /// The tensors that take the normalization in: weight, bias, and the weight's scales where it is quantized.
    /// </summary>
    /// <exception cref="InvalidPayloadException">A variance is negative or a number is not finite.</exception>
    public IEnumerable<Initializer> Fold(string weightName, string biasName)
    {
        var (factors, shifts) = Affine();
        yield return ScaledWeight(factors, weightName);
        yield return Initializer.Of(biasName, [shifts.Length], shifts);
        if (Quantize is not null)
            yield return Initializer.Of(Quantize.Inputs[1], [factors.Length],
                [.. Scales().Select((scale, channel) => (float)Math.Max(scale * Math.Abs(factors[channel]), LeastScale))]);
    }

    // y = (x - mean) / sqrt(variance + epsilon) * scale + shift, with x = w z + b.
    (double[] Factors, float[] Shifts) Affine()
    {
        ReadOnlySpan<float> scale = Statistic(1), shift = Statistic(2), mean = Statistic(3), variance = Statistic(4);
        double epsilon = Norm.Float("epsilon", 1e-5f);
        var factors = new double[scale.Length];
        var shifts = new float[scale.Length];
        for (int c = 0; c < factors.Length; c++)
        {
            factors[c] = scale[c] / Math.Sqrt(variance[c] + epsilon);
            shifts[c] = (float)(((Bias is null ? 0 : Bias.Floats[c]) - (double)mean[c]) * factors[c] + shift[c]);
            if (variance[c] < 0 || !double.IsFinite(factors[c]) || !float.IsFinite(shifts[c]))
                throw new InvalidPayloadException(
                    $"The {Norm} cannot be folded: channel {c} has variance {variance[c]}, mean {mean[c]}, scale {scale[c]} "
                        + $"and shift {shift[c]}.");
        }

        return (factors, shifts);
    }

    ReadOnlySpan<float> Statistic(int slot) => Graph.FindInitializer(Norm.Inputs[slot])!.Floats;

    // A quantized weight is moved to its level first, where it then stays.
    Initializer ScaledWeight(double[] factors, string name)
    {
        var channels = new Channels(Weight.Shape, Axis);
        float[] values = Weight.Floats.ToArray(), scales = Scales();
        var quantizer = Quantize is null ? null : FakeQuantizer.Of(Quantize);
        for (int i = 0; i < values.Length; i++)
        {
            int channel = channels.Of(i);
            float value = quantizer is null ? values[i] : quantizer.Quantize(values[i], scales[channel]);
            values[i] = (float)(value * factors[channel]);
        }

        return Initializer.Of(name, Weight.Shape, values);
    }

    float[] Scales()
    {
        if (Quantize is null)
            return [];
        var scales = Graph.FindInitializer(Quantize.Inputs[1])!.Floats;
        return scales.Length == 1 ? [.. Enumerable.Repeat(scales[0], Weight.Shape[Axis])] : scales.ToArray();
    }
}
