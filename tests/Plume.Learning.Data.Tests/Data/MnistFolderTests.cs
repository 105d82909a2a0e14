using Plume.Compression.Wire;

namespace Plume.Learning.Data.Tests;

public sealed class MnistFolderTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    static byte[] Images(params byte[] pixels) =>
        [0, 0, 8, 3, 0, 0, 0, (byte)(pixels.Length / 2), 0, 0, 0, 1, 0, 0, 0, 2, .. pixels];

    static byte[] Labels(params byte[] labels) => [0, 0, 8, 1, 0, 0, 0, (byte)labels.Length, .. labels];

    void WriteAll()
    {
        folder.Write("train-images-idx3-ubyte", Images(0, 255, 51, 102));
        folder.Write("train-labels-idx1-ubyte", Labels(9, 0));
        folder.Write("t10k-images-idx3-ubyte.gz", TemporaryFolder.Gzip(Images(255, 255)));
        folder.Write("t10k-labels-idx1-ubyte.gz", TemporaryFolder.Gzip(Labels(3)));
    }

    [Fact]
    public void Pixels_are_normalized()
    {
        WriteAll();
        var (train, test) = MnistFolder.Mnist.Load(folder.Path);
        Assert.Equal([(0 - 0.1307) / 0.3081, (1 - 0.1307) / 0.3081, (0.2 - 0.1307) / 0.3081, (0.4 - 0.1307) / 0.3081],
            train.Features.Select(value => (double)value), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([1, 1, 2], train.SampleShape);
        Assert.Equal([9, 0], train.Labels);
        Assert.Equal([3], test.Labels);
        Assert.Equal((10, "mnist (test)"), (test.Classes, test.Name));
    }

    [Fact]
    public void A_missing_folder_or_file_says_what_brings_it()
    {
        string nowhere = Path.Combine(folder.Path, "nowhere");
        Assert.Equal(
            $"Folder '{nowhere}' lacks train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
                + $"t10k-labels-idx1-ubyte (or the same with .gz); on Debian, 'apt-get install dataset-fashion-mnist' brings them.",
            Assert.Throws<FileNotFoundException>(() => MnistFolder.Fashion.Load(nowhere)).Message);
        WriteAll();
        File.Delete(Path.Combine(folder.Path, "t10k-labels-idx1-ubyte.gz"));
        Assert.Contains("lacks t10k-labels-idx1-ubyte (or",
            Assert.Throws<FileNotFoundException>(() => MnistFolder.Fashion.Load(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("no default folder", Assert.Throws<FileNotFoundException>(() => MnistFolder.Mnist.Load()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_that_do_not_fit_are_refused()
    {
        WriteAll();
        string path = folder.Write("train-labels-idx1-ubyte", Labels(9, 10));
        Assert.Equal($"File '{path}' has label 10 at sample 1, but labels are 0 to 9.",
            Assert.Throws<InvalidPayloadException>(() => MnistFolder.Mnist.Load(folder.Path)).Message);
        folder.Write("train-labels-idx1-ubyte", Labels(9));
        Assert.Contains("must be of the same samples, but have 2 and 1.",
            Assert.Throws<InvalidPayloadException>(() => MnistFolder.Mnist.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fashion_mnist_is_what_its_paper_says()
    {
        Assert.SkipUnless(MnistFolder.Fashion.Missing(null) is null, MnistFolder.Fashion.Missing(null) ?? "");
        var (train, test) = MnistFolder.Fashion.Load();
        Assert.Equal((60_000, 10_000), (train.Count, test.Count));
        Assert.Equal([1, 28, 28], train.SampleShape);
        Assert.All(train.Labels.CountBy(label => label), pair => Assert.Equal(6_000, pair.Value));
        Assert.All(test.Labels.CountBy(label => label), pair => Assert.Equal(1_000, pair.Value));
        Assert.Equal(9, train.Labels[0]);
        double mean = train.Features.Average(value => (double)value),
            square = train.Features.Average(value => (double)value * value);
        Assert.InRange(mean, -0.001, 0.001);
        Assert.InRange(square, 0.998, 1.002);
    }
}
