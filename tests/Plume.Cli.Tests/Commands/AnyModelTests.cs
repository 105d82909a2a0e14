using System.Text.Json;
using Plume.Compression.Randomness;
using Plume.Compression.Weights.Formats;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Quantize.Blocks;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Commands;

public class AnyModelTests
{
    [Fact]
    public void Samples_without_labels_measure_agreement_and_error()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], Model("m", 1));
        OnnxFile.WriteFile(folder["n.onnx"], Model("n", 2));
        NpyFile.Write(folder["x.npy"], Normal(160), 10, 16);
        var table = Program.Run("evaluate", folder["m.onnx"], folder["n.onnx"], "--data", folder["x.npy"]);
        Assert.Equal(0, table.Code);
        Assert.Contains("agreement  error (NMSE)", table.Output);
        using var json = JsonDocument.Parse(
            Program.Run("evaluate", folder["m.onnx"], folder["n.onnx"], "--data", folder["x.npy"], "--json").Output);
        Assert.Equal(JsonValueKind.Null, json.RootElement[1].GetProperty("accuracy").ValueKind);
        Assert.True(json.RootElement[1].GetProperty("nmse").GetDouble() > 0.01);
    }

    [Fact]
    public void A_model_that_is_no_classifier_with_two_inputs_and_a_fixed_batch_is_quantized_and_measured()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], TwoInputs());
        NpyFile.Write(folder["a.npy"], Normal(7 * 64), 7, 64);
        NpyFile.Write(folder["b.npy"], Normal(7 * 64 + 1).AsSpan(1), 7, 64);
        string data = $"a={folder["a.npy"]},b={folder["b.npy"]}";
        var quantized = Program.Run("quantize", folder["m.onnx"], "--data", data, "-o", folder["q.onnx"]);
        Assert.Equal(0, quantized.Code);
        Assert.Contains("Output 'y' has an error (NMSE) of 0.000", quantized.Error);
        var measured = Program.Run("evaluate", folder["m.onnx"], folder["q.onnx"], "--data", "random");
        Assert.Equal(0, measured.Code);
        Assert.Contains("The inputs are random", measured.Error);
        var warned = Program.Run("quantize", folder["m.onnx"], "--data", "random", "-o", folder["r.onnx"]);
        Assert.Contains("Ranges of activations are chosen on random inputs", warned.Error);
        Assert.Equal(1, Program.Run("evaluate", folder["m.onnx"], "--data", "random:n=x").Code);
        Assert.Equal(2, Program.Run("evaluate", folder["m.onnx"], "--data", $"a={folder["a.npy"]}").Code);
        Assert.Equal(2, Program.Run("evaluate", folder["m.onnx"], "--data", "digits").Code);
    }

    [Fact]
    public void Products_get_blocks_of_4_bits_without_data()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"], TwoInputs());
        var quantized = Program.Run("quantize", folder["m.onnx"], "--block", "32", "-o", folder["q.onnx"]);
        Assert.Equal(0, quantized.Code);
        Assert.Contains("runs of ONNX Runtime on random inputs", quantized.Error);
        Assert.Contains(OnnxFile.ReadFile(folder["q.onnx"]).Nodes, node => node.OpType == BlockProducts.OpType);
        foreach (string[] wrong in new[] { new[] { "--block", "33" }, ["--block", "32", "--bits", "8"],
            ["--block", "32", "--packed"], ["--block", "32", "--layer", "w=8"] })
            Assert.Equal(1, Program.Run(["quantize", folder["m.onnx"], "-o", folder["x.onnx"], .. wrong]).Code);
        Assert.False(File.Exists(folder["x.onnx"]));
    }

    [Fact]
    public void A_quantization_of_nothing_is_an_error_with_its_reason_and_leaves_no_file()
    {
        using var folder = new Folder();
        OnnxFile.WriteFile(folder["m.onnx"],
            new ModelGraph("sum", [new("x", ElementType.Float, ["N", 16])], [new("y", ElementType.Float, ["N", 16])],
                [new("", "Relu", ["x"], ["y"])], []));
        var refused = Program.Run("quantize", folder["m.onnx"], "--weights-only", "-o", folder["q.onnx"]);
        Assert.Equal(2, refused.Code);
        Assert.Contains("can be given fewer bits: it has no Conv, Gemm or MatMul. Nothing was written.", refused.Error);
        OnnxFile.WriteFile(folder["c.onnx"],
            new ModelGraph("computed", [new("x", ElementType.Float, ["N", 16])],
                [new("y", ElementType.Float, []) { HasShape = false }], [new("p", "MatMul", ["x", "x2"], ["y"])],
                [Initializer.Of("x2", [16], new float[16])]));
        Assert.Contains("each stays in floats, such as the node 'p' (MatMul): its weight is a vector",
            Program.Run("quantize", folder["c.onnx"], "--weights-only", "-o", folder["q.onnx"]).Error);
        Assert.False(File.Exists(folder["q.onnx"]));
    }

    static ModelGraph Model(string name, ulong seed)
    {
        var graph = ModelZoo.Build("mlp", [16], 4, RandomKey.FromSeed(seed));
        return new ModelGraph(name, graph.Inputs, graph.Outputs, graph.Nodes, graph.Initializers, graph.OpsetVersion);
    }

    static ModelGraph TwoInputs() =>
        new("two", [new("a", ElementType.Float, [1, 64]), new("b", ElementType.Float, [1, 64])],
            [new("y", ElementType.Float, [1, 2, 32])],
        [new("", "Sub", ["a", "b"], ["d"]), new("", "MatMul", ["d", "w"], ["e"]), new("", "Reshape", ["e", "shape"], ["y"])],
        [Initializer.Of("w", [64, 64], Normal(64 * 64)), Initializer.Of("shape", [3], [1L, 2L, 32L])]);

    static float[] Normal(int length)
    {
        var draws = new RandomDraws(RandomKey.FromSeed((ulong)length));
        return [.. Enumerable.Range(0, length).Select(_ => (float)draws.NextNormal())];
    }
}
