using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Commands;

public class ModelFileTests
{
    [Fact]
    public void A_model_comes_back_from_its_compressed_file_close_to_what_it_was()
    {
        using var folder = new Folder();
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1));
        OnnxFile.WriteFile(folder["m.onnx"], graph);
        Assert.Equal(0, Program.Run("compress", folder["m.onnx"], "--codec", "uniform(8, block=64) | rans").Code);
        var inspected = Program.Run("inspect", folder["m.plume"], "--against", folder["m.onnx"]);
        Assert.Equal(0, inspected.Code);
        Assert.Contains("codec uniform(8, block=64) | rans", inspected.Output);
        Assert.Matches("NMSE of the whole model 0.0000", inspected.Output);
        Assert.Equal(0, Program.Run("decompress", folder["m.plume"], "-o", folder["back.onnx"]).Code);
        var back = OnnxFile.ReadFile(folder["back.onnx"]);
        Assert.Equal(graph.Weights, back.Weights);
        Assert.Equal(graph.Nodes.Count, back.Nodes.Count);
    }

    [Fact]
    public void Weights_without_a_graph_come_back_as_safetensors_against_a_reference()
    {
        using var folder = new Folder();
        var layout = ModelLayout.Of([("w", [40, 30], TensorRole.Weight), ("b", [40], TensorRole.Bias)]);
        float[] values = [.. Enumerable.Range(0, layout.Length).Select(i => MathF.Sin(i))],
            reference = Array.ConvertAll(values, value => value + 0.01f);
        File.WriteAllBytes(folder["new.safetensors"], Safetensors.Write(new ModelWeights(layout, values)));
        File.WriteAllBytes(folder["old.safetensors"], Safetensors.Write(new ModelWeights(layout, reference)));
        Assert.Equal(0, Program.Run("compress", folder["new.safetensors"], "--codec", "delta | uniform(4) | pack", "--reference",
            folder["old.safetensors"]).Code);
        Assert.Equal(1, Program.Run("decompress", folder["new.plume"]).Code);
        Assert.Equal(0, Program.Run("decompress", folder["new.plume"], "--reference", folder["old.safetensors"], "-o",
            folder["back.safetensors"]).Code);
        var back = Safetensors.Read(File.ReadAllBytes(folder["back.safetensors"]));
        Assert.All(back.Values.Zip(values), pair => Assert.Equal(pair.Second, pair.First, 1e-3f));
    }
}
