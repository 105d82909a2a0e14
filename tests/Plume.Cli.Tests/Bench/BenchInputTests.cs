using Plume.Cli.Bench;
using Plume.Cli.Errors;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;

namespace Plume.Cli.Tests.Bench;

public class BenchInputTests
{
    static readonly RandomKey Key = RandomKey.FromSeed(1);

    [Fact]
    public void An_array_is_one_weight_of_its_shape_and_a_vector_one_row()
    {
        using var folder = new Folder();
        Assert.Equal([2, 3, 4], Shape(folder["cube.npy"], new float[24], 2, 3, 4));
        Assert.Equal([1, 24], Shape(folder["vector.npy"], new float[24], 24));
        Assert.Equal([1, 1], Shape(folder["scalar.npy"], new float[1]));
    }

    [Fact]
    public void A_folder_stands_for_its_model_and_array_files_in_order()
    {
        using var folder = new Folder();
        foreach (string name in new[] { "b.NPY", "a.safetensors", "c.onnx", "d.plume", "notes.txt" })
            File.WriteAllText(folder[name], "");
        Assert.Equal(["normal(3)", folder["a.safetensors"], folder["b.NPY"], folder["c.onnx"], folder["d.plume"]],
            BenchInput.Names(["normal(3)", folder.Path, folder["c.onnx"]]));
    }

    [Fact]
    public void A_value_that_is_not_finite_is_named_by_its_tensor_and_place()
    {
        using var folder = new Folder();
        var layout = ModelLayout.Of(
            [("a", [3], TensorRole.Bias), ("none", [0], TensorRole.Bias), ("b", [2, 2], TensorRole.Weight)]);
        File.WriteAllBytes(folder["m.safetensors"],
            Safetensors.Write(new ModelWeights(layout, [1, 2, 3, 4, float.NegativeInfinity, 6, 7])));
        Refused(ExitCode.Input, "value 1 of tensor 'b' is -Infinity", folder["m.safetensors"]);
        NpyFile.Write(folder["m.npy"], [1, 2, float.NaN], 3);
        Refused(ExitCode.Input, "value 2 of tensor 'values' is NaN", folder["m.npy"]);
    }

    [Fact]
    public void A_file_that_cannot_be_measured_is_named_with_the_reason()
    {
        using var folder = new Folder();
        NpyFile.Write(folder["empty.npy"], [], 0, 7);
        Refused(ExitCode.Input, "empty.npy' has no values", folder["empty.npy"]);
        Refused(ExitCode.Input, "missing.npy' cannot be opened", folder["missing.npy"]);
        Refused(ExitCode.Input, "missing.plume' cannot be opened", folder["missing.plume"]);
        Refused(ExitCode.Usage, "takes about 48.0 TB", "normal(1000G)",
            () => BenchInput.CheckMemory("normal(1000G)", 1_000_000_000_000));
        foreach (string kind in new[] { "npy", "safetensors", "onnx", "plume" })
        {
            File.WriteAllText(folder[$"odd.{kind}"], "this is no model");
            Refused(ExitCode.Input, $"odd.{kind}'", folder[$"odd.{kind}"]);
        }
    }

    static IReadOnlyList<int> Shape(string path, float[] values, params int[] shape)
    {
        NpyFile.Write(path, values, shape);
        return Assert.Single(BenchInput.Load(path, Key).Weights.Layout.Tensors, tensor => tensor.Role == TensorRole.Weight).Shape;
    }

    static void Refused(ExitCode code, string message, string name, Action? load = null)
    {
        var refusal = Record.Exception(load ?? (() => BenchInput.Load(name, Key)))!;
        Assert.Contains(message, refusal.Message);
        Assert.Equal(code, Failure.Report(refusal, TextWriter.Null));
    }
}
