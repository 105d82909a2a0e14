using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Plume.Learning.Data;
using Plume.Models.Onnx;

namespace Plume.Cli.Tests.Setup;

/// <summary>Arrays of NumPy as people have them: pictures of bytes beside their classes, or without labels.</summary>
public sealed class ArraySourceTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Pictures_of_bytes_with_labels_are_trained_on_simulated_on_and_measured()
    {
        Archive("set.npz", ("x_train", Pictures(60), "|u1", [60, 8, 8]), ("y_train", Classes(60), "<i8", [60]),
            ("x_test", Pictures(20), "|u1", [20, 8, 8]), ("y_test", Classes(20), "<i8", [20, 1]));
        var trained = Run("train", "mlp", "--data", folder["set.npz"], "--epochs", "20", "-o", folder["m.onnx"]);
        Assert.Contains("Bytes (uint8) are divided by 255", trained.Error, StringComparison.Ordinal);
        Assert.Equal(Normalization.Of(0, 255), SampleSchema.Of(OnnxFile.ReadFile(folder["m.onnx"])).Normalization);
        Assert.Contains("\"accuracy\": 1,", Run("evaluate", folder["m.onnx"], "--json", "--data", folder["set.npz"]).Output, StringComparison.Ordinal);

        // Without labels the model scales them, too.
        File.WriteAllBytes(folder["x.npy"], Npy(Pictures(20), "|u1", [20, 1, 8, 8]));
        Run("evaluate", folder["m.onnx"], "--data", folder["x.npy"]);
        Run("simulate", "--set", "data.set=arrays", "--set", $"data.file={folder["set.npz"]}", "--set", "clients=3", "--set",
            "participants=3", "--set", "rounds=1", "--set", "model.name=logistic", "--no-baseline", "--out", folder["run"]);
    }

    [Fact]
    public void Arrays_that_do_not_go_together_are_refused_by_what_is_wrong()
    {
        Refused("must have one label for each of the 4 samples", ("x", Pictures(4), "|u1", [4, 64]), ("y", Classes(3), "<i8", [3]));
        Refused("say --target y", ("x", Pictures(4), "|u1", [4, 64]), ("y", [.. Enumerable.Range(0, 4).Select(i => i + 0.5)], "<f8", [4]));
        Refused("channels last", ("x", Pictures(12), "|u1", [4, 8, 8, 3]), ("y", Classes(4), "<i8", [4]));
        Refused("value 1 is", ("x", [0, double.NaN], "<f4", [2, 1]), ("y", Classes(2), "<i8", [2]));
        File.WriteAllText(folder["set.npz"], "no archive");
        Assert.Equal(2, InProcess.Run("train", "mlp", "--data", folder["set.npz"], "-o", folder["m.onnx"]).Code);
    }

    [Fact]
    public void Bytes_for_a_model_that_does_not_say_how_it_was_normalized_are_refused_with_what_to_do()
    {
        Run("train", "mlp", "--data", "digits", "--epochs", "0", "-o", folder["m.onnx"]);
        File.WriteAllBytes(folder["x.npy"], Npy(Pictures(3), "|u1", [3, 1, 8, 8]));
        var graph = OnnxFile.ReadFile(folder["m.onnx"]);
        if (SampleSchema.Of(graph).Normalization is not null)
            return;
        var refused = InProcess.Run("evaluate", folder["m.onnx"], "--data", folder["x.npy"]);
        Assert.Equal(2, refused.Code);
        Assert.Contains("x.astype('float32') / 255", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Flat_rows_of_pixels_are_pictures_to_a_model_that_wants_some()
    {
        var text = new StringBuilder(string.Join(',', Enumerable.Range(0, 784).Select(i => $"p{i}")) + ",label\n");
        for (int row = 0; row < 12; row++)
            text.AppendLine(string.Join(',', Enumerable.Range(0, 784).Select(i => (i + row) % 2)) + $",{row % 2}");
        File.WriteAllText(folder["p.csv"], text.ToString());
        var run = Run("train", "lenet-small", "--data", folder["p.csv"], "--epochs", "1", "-o", folder["m.onnx"]);
        Assert.Contains("Rows are taken as pictures of 1x28x28", run.Error, StringComparison.Ordinal);
        Run("evaluate", folder["m.onnx"], "--data", folder["p.csv"]);
    }

    void Refused(string problem, params (string Name, double[] Values, string Kind, int[] Shape)[] arrays)
    {
        Archive("set.npz", arrays);
        var run = InProcess.Run("train", "mlp", "--data", folder["set.npz"], "-o", folder["m.onnx"]);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Equal(2, run.Code);
    }

    // Dark ones are of class 0, light ones of class 1.
    static double[] Pictures(int count) =>
        [.. Enumerable.Range(0, count * 64).Select(i => (double)(i / 64 % 2 == 0 ? i % 50 : 200 + i % 50))];

    static double[] Classes(int count) => [.. Enumerable.Range(0, count).Select(i => (double)(i % 2))];

    void Archive(string name, params (string Name, double[] Values, string Kind, int[] Shape)[] arrays)
    {
        File.Delete(folder[name]);
        using var archive = ZipFile.Open(folder[name], ZipArchiveMode.Create);
        foreach (var array in arrays)
        {
            using var entry = archive.CreateEntry($"{array.Name}.npy").Open();
            entry.Write(Npy(array.Values, array.Kind, array.Shape));
        }
    }

    static byte[] Npy(double[] values, string kind, int[] shape)
    {
        string header = $"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({string.Join(", ", shape)},), }}\n";
        using var bytes = new MemoryStream();
        bytes.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0]);
        bytes.Write(Encoding.ASCII.GetBytes(header));
        byte[] one = new byte[8];
        foreach (double value in values)
        {
            int size = kind[2] - '0';
            if (kind == "|u1")
                one[0] = (byte)value;
            else if (kind == "<i8")
                BinaryPrimitives.WriteInt64LittleEndian(one, (long)value);
            else if (kind == "<f4")
                BinaryPrimitives.WriteSingleLittleEndian(one, (float)value);
            else
                BinaryPrimitives.WriteDoubleLittleEndian(one, value);
            bytes.Write(one.AsSpan(0, size));
        }

        return bytes.ToArray();
    }

    static Program.Ended Run(params string[] arguments)
    {
        var run = Program.Run(arguments);
        Assert.True(run.Code == 0, $"{string.Join(' ', arguments)}: {run.Code} {run.Error}");
        return run;
    }
}
