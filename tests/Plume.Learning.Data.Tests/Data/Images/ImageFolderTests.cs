using Plume.Compression.Wire;
using Plume.Learning.Data.Images;
using Plume.Learning.Data.Tables;
using SkiaSharp;

namespace Plume.Learning.Data.Tests;

/// <summary>Pictures by class: their pixels, classes and sizes, and what is none.</summary>
public sealed class ImageFolderTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    string Draw(string name, int width, int height, SKColor color, SKEncodedImageFormat format = SKEncodedImageFormat.Png,
        SKColorType type = SKColorType.Rgba8888)
    {
        string path = Path.Combine(folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var bitmap = new SKBitmap(width, height, type, type == SKColorType.Gray8 ? SKAlphaType.Opaque
            : SKAlphaType.Unpremul);
        bitmap.Erase(color);
        if (type != SKColorType.Gray8)
            bitmap.SetPixel(width - 1, 0, SKColors.Black);
        using var data = bitmap.Encode(format, 100);
        File.WriteAllBytes(path, data.ToArray());
        return path;
    }

    string Refusal(IReadOnlyList<int>? shape = null) =>
        Assert.Throws<InvalidPayloadException>(() => ImageFolder.LoadAll(folder.Path, shape)).Message;

    [Fact]
    public void Folders_are_classes_and_pixels_are_values_channels_first()
    {
        Draw("pear/b.png", 3, 2, new SKColor(255, 0, 51));
        Draw("apple/z.JPG", 3, 2, SKColors.White, SKEncodedImageFormat.Jpeg);
        Draw("apple/a.png", 3, 2, new SKColor(51, 102, 204));
        folder.Write("README.txt", "no class");
        File.WriteAllText(Path.Combine(folder.Path, "apple", ".DS_Store"), "no picture");
        var set = ImageFolder.LoadAll(folder.Path);
        Assert.Equal(["apple", "pear"], set.Schema.Classes!);
        Assert.Equal([0, 0, 1], set.Labels);
        Assert.Equal([3, 2, 3], set.SampleShape);
        Assert.Equal([-0.6f, -0.6f, -1, -0.6f, -0.6f, -0.6f], set[0].ToArray().Take(6), (one, other) =>
            Math.Abs(one - other) < 1e-6);
        Assert.Equal([1f, 1, -1, 1, 1, 1, -1, -1, -1, -1, -1, -1], set[2].ToArray().Take(12));
        var grey = ImageFolder.LoadAll(folder.Path, [1, 2, 3]);
        Assert.Equal((0.299f * 51 + 0.587f * 102 + 0.114f * 204 - 127.5f) / 127.5f, grey[0][0], 1e-5f);
    }

    [Fact]
    public void Grey_pictures_have_one_channel_and_a_models_classes_decide()
    {
        Draw("7/a.png", 2, 2, SKColors.White, type: SKColorType.Gray8);
        Draw("3/a.png", 2, 2, SKColors.Black, type: SKColorType.Gray8);
        var set = ImageFolder.LoadAll(folder.Path, classes: 10);
        Assert.Equal([1, 2, 2], set.SampleShape);
        Assert.Equal([3, 7], set.Labels);
        Assert.Equal((10, [-1f, -1, -1, -1, 1, 1, 1, 1]), (set.Classes, set.Features), (one, other) => one.Item1 == other.Item1
            && one.Item2.SequenceEqual(other.Item2));
        var named = new SampleSchema { Classes = ["7", "8", "3"], Normalization = Normalization.Of(0, 255) };
        Assert.Equal([2, 0], ImageFolder.LoadAll(folder.Path, schema: named).Labels);
        Assert.Contains("is none of the model's classes: a, b.", Assert.Throws<InvalidPayloadException>(() =>
            ImageFolder.LoadAll(folder.Path, schema: new SampleSchema { Classes = ["a", "b"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_for_measuring_are_a_share_another_folder_or_the_folder_test()
    {
        for (int i = 0; i < 10; i++)
            Draw($"all/{(i % 2 == 0 ? "a" : "b")}/{i}.png", 2, 2, new SKColor((byte)(20 * i), 0, 0));
        string all = Path.Combine(folder.Path, "all");
        var (train, test) = ImageFolder.Load(all, TestRows.Parse("share(30%)"), Some.Key());
        Assert.Equal((7, 3), (train.Count, test.Count));
        Draw("other/b/x.png", 2, 2, SKColors.Black);
        var (whole, other) = ImageFolder.Load(all, new TestFile(Path.Combine(folder.Path, "other")), Some.Key());
        Assert.Equal((10, 1, 1, 2), (whole.Count, other.Count, other.Labels[0], other.Classes));
        Draw("split/train/a/x.png", 2, 2, SKColors.Black);
        Draw("split/train/b/x.png", 2, 2, SKColors.Black);
        Draw("split/test/b/x.png", 2, 2, SKColors.Black);
        var (learned, measured) = ImageFolder.Load(Path.Combine(folder.Path, "split"), TestRows.Default, Some.Key());
        Assert.Equal((2, 1), (learned.Count, measured.Labels[0]));
        Assert.Equal(2, ImageFolder.LoadAll(Path.Combine(folder.Path, "split")).Count);
        Assert.Contains("has no columns", Assert.Throws<ArgumentException>(() =>
            ImageFolder.Load(all, TestRows.Parse("column(a=b)"), Some.Key())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_picture_or_of_another_size_is_refused_with_its_path()
    {
        Assert.Contains("has no folders; pictures stand in a folder for each class.", Refusal(), StringComparison.Ordinal);
        string first = Draw("a/1.png", 3, 2, SKColors.White), second = Draw("b/2.png", 2, 3, SKColors.White);
        Assert.Equal($"File '{second}' is 2 x 3 pixels, but pictures are 3 x 2 here. Bring all to one size.", Refusal());
        Assert.Equal($"File '{first}' is 3 x 2 pixels, but pictures are 2 x 3 here. Bring all to one size.", Refusal([3, 3, 2]));
        Draw("b/2.png", 3, 2, new SKColor(10, 20, 30, 200));
        Assert.Equal($"File '{second}' is not opaque at 0, 0. Save it with a background.", Refusal());
        Draw("b/2.png", 3, 2, SKColors.White, SKEncodedImageFormat.Webp);
        Assert.Equal($"File '{second}' is no PNG or JPEG. Take it out of the folder, or save it as one.", Refusal());
        File.WriteAllText(second, "");
        Assert.Equal($"File '{second}' has 0 bytes; a picture has 1 to 67108864.", Refusal());
        File.Delete(second);
        Directory.CreateDirectory(second);
        Assert.Equal($"'{second}' is a folder, where a picture must be: classes have no folders inside.", Refusal());
        Assert.Throws<ArgumentException>(() => ImageFolder.LoadAll(folder.Path, [2, 3, 2]));
    }

    [Fact]
    public void A_header_that_promises_many_pixels_takes_no_memory_and_a_cut_or_changed_file_is_refused_or_read()
    {
        string path = Draw("a/1.png", 16, 16, SKColors.Olive);
        byte[] good = File.ReadAllBytes(path);
        // Width and height stand at bytes 16 to 23, their checksum behind them.
        byte[] huge = [.. good];
        (huge[16], huge[17], huge[20], huge[21]) = (0x7F, 0xFF, 0x7F, 0xFF);
        File.WriteAllBytes(path, huge);
        Assert.StartsWith($"File '{path}' is ", Refusal());
        for (int at = 8; at < good.Length; at++)
        {
            byte[] changed = [.. good];
            changed[at] ^= 0x10;
            foreach (byte[] bytes in (byte[][])[changed, good[..at]])
            {
                File.WriteAllBytes(path, bytes);
                try
                {
                    Assert.Equal(1, ImageFolder.LoadAll(folder.Path, [3, 16, 16]).Count);
                }
                catch (InvalidPayloadException refusal)
                {
                    Assert.StartsWith($"File '{path}' ", refusal.Message);
                }
            }
        }
    }
}
