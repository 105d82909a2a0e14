using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Models.Container;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Errors;

/// <summary>A folder of files of which most are wrong in a way of their own, and a few are right.</summary>
public sealed class BadFiles : IDisposable
{
    readonly Folder folder = new();

    public BadFiles()
    {
        var graph = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1));
        Model("good", graph);
        Model("five", ModelZoo.Build("mlp", [1, 8, 8], 5, RandomKey.FromSeed(1)));
        Model("nine", ModelZoo.Build("mlp", [1, 9, 9], 10, RandomKey.FromSeed(1)));
        float[] strange = graph.ToWeights().Values.ToArray();
        strange[7] = float.NaN;
        Model("nan", graph.With(new ModelWeights(graph.Weights, strange)));
        File.WriteAllBytes(this["good.plume"], CompressedModel.Compress(graph, Codec.Parse("pack")).ToBytes());
        byte[] whole = File.ReadAllBytes(this["good.onnx"]);
        foreach (string ending in new[] { "onnx", "plume", "safetensors", "npy", "csv", "json" })
        {
            File.WriteAllBytes(this[$"empty.{ending}"], []);
            File.WriteAllText(this[$"text.{ending}"], "These are words,\nand more of them.\n");
            Directory.CreateDirectory(this[$"folder.{ending}"]);
        }

        File.WriteAllBytes(this["cut.onnx"], whole[..(whole.Length / 2)]);
        File.WriteAllBytes(this["cut.npy"], NpyOf([64, 64])[..200]);
        File.WriteAllBytes(this["none.npy"], NpyOf([64, 0]));
        File.WriteAllBytes(this["zero.npy"], NpyOf([0, 64]));
        File.WriteAllBytes(this["flat.npy"], NpyOf([64]));
        File.WriteAllBytes(this["narrow.npy"], NpyOf([20, 3]));
        File.WriteAllBytes(this["weights.safetensors"], Safetensors.Write(graph.ToWeights()));
        string head = string.Join(',', Enumerable.Range(0, 64).Select(i => $"p{i}")) + ",label\n";
        File.WriteAllText(this["head.csv"], head);
        File.WriteAllText(this["ragged.csv"], head + "1,2,3\n");
        File.WriteAllText(this["infinite.csv"],
            head + string.Concat(Enumerable.Repeat(string.Concat(Enumerable.Repeat("inf,", 64)) + "1\n", 20)));
        File.WriteAllText(this["narrow.csv"],
            "a,b,label\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{i},{-i},{i % 2}\n")));
        File.WriteAllText(this["unlabeled.csv"], "a,b\n1,2\n3,4\n");
    }

    public string this[string name] => folder[name];

    /// <summary>Everything that lies in the folder.</summary>
    public IReadOnlyList<string> All =>
        [.. Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    public void Dispose() => folder.Dispose();

    void Model(string name, ModelGraph graph) => OnnxFile.WriteFile(this[$"{name}.onnx"], graph);

    static byte[] NpyOf(int[] shape)
    {
        string path = Path.GetTempFileName();
        try
        {
            NpyFile.Write(path, new float[shape.Aggregate(1, (product, length) => product * length)], shape);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
