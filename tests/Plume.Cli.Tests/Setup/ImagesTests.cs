using Plume.Learning.Data;
using Plume.Models.Onnx;
using SkiaSharp;

namespace Plume.Cli.Tests.Setup;

/// <summary>A folder of pictures by class, where data is named.</summary>
public sealed class ImagesTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Pictures_are_trained_on_simulated_on_and_measured_by_one_name()
    {
        for (int i = 0; i < 30; i++)
            Draw($"{(i % 2 == 0 ? "dark" : "light")}/{i}.png", (byte)(i % 2 == 0 ? i : 255 - i));
        Run("train", "logistic", "--data", $"images:{folder["set"]}", "--epochs", "3", "-o", folder["m.onnx"]);
        Assert.Equal(["dark", "light"], SampleSchema.Of(OnnxFile.ReadFile(folder["m.onnx"])).Classes!);
        Assert.Contains("\"accuracy\": 1,", Run("evaluate", folder["m.onnx"], "--json", "--data", $"images:{folder["set"]}"),
            StringComparison.Ordinal);
        Assert.Contains("light", Run("evaluate", folder["m.onnx"], "--per-class", "--data", $"images:{folder["set"]}", "--test",
            $"file({folder["set"]})"), StringComparison.Ordinal);
        Run("simulate", "--set", "data.set=images", "--set", $"data.folder={folder["set"]}", "--set", "data.shape=1x6x6", "--set",
            "clients=3", "--set", "participants=3", "--set", "rounds=2", "--set", "model.name=logistic", "--no-baseline", "--out",
            folder["run"]);
        var refused = Program.Run("train", "logistic", "--data", $"images:{folder["set"]}", "--shape", "3x8x8", "-o", folder["x.onnx"]);
        Assert.Contains("is 6 x 6 pixels, but pictures are 8 x 8 here", refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, refused.Code);
        refused = Program.Run("simulate", "--set", "data.set=images", "--set", $"data.folder={folder["none"]}");
        Assert.Contains("data.folder names", refused.Error, StringComparison.Ordinal);
    }

    void Draw(string name, byte grey)
    {
        string path = Path.Combine(folder["set"], name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var bitmap = new SKBitmap(6, 6, SKColorType.Gray8, SKAlphaType.Opaque);
        bitmap.Erase(new SKColor(grey, grey, grey));
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(path, data.ToArray());
    }

    static string Run(params string[] arguments)
    {
        var run = Program.Run(arguments);
        Assert.True(run.Code == 0, $"{string.Join(' ', arguments)}: {run.Code} {run.Error}");
        return run.Output;
    }
}
