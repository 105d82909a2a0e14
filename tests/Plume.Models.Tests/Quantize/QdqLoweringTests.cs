using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Quantize;

namespace Plume.Models.Tests;

public class QdqLoweringTests
{
    [Theory, InlineData("lenet"), InlineData("resnet8"), InlineData("mlp")]
    public void Dbg(string name)
    {
        var fake = Calibrated.Model(name, new());
        var lowered = QdqLowering.Apply(fake);
        var text = new List<string>();
        text.AddRange(lowered.Nodes.Select(n => $"{n.OpType}({string.Join(",", n.Inputs)}) -> {n.Outputs[0]}"));
        text.Add("FUSED " + string.Join(" ", Runtime.Fused(lowered)));
        int weights = fake.Weights.Tensors.Where(t => t.Role != Plume.Compression.Weights.TensorRole.Normalization).Sum(t => t.Length);
        text.Add($"fp32 {OnnxFile.Write(Some.Model(name)).Length} int8 {OnnxFile.Write(lowered).Length} short {OnnxFile.Write(GraphNames.Shorten(lowered)).Length} weights {weights}");
        var expected = NaiveForward.Run(fake, Calibrated.Images(4));
        var plain = NaiveForward.Run(Some.Trained(Some.Model(name)), Calibrated.Images(4));
        var actual = Runtime.Run(GraphNames.Shorten(lowered), [4, 1, 28, 28], [.. Calibrated.Images(4).Values.Select(v => (float)v)]).Values;
        text.Add($"max difference {actual.Zip(expected.Values, (a, b) => Math.Abs(a - b)).Max()} of {expected.Values.Max(Math.Abs)}; to fp32 {expected.Values.Zip(plain.Values, (a, b) => Math.Abs(a - b)).Max()}");
        File.WriteAllLines($"/tmp/lab/quant/{name}.txt", text);
    }
}
