using System.IO.Compression;
using Plume.Compression.Randomness;
using Plume.Compression.Weights.Formats;
using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Models.Graph;

namespace Plume.Learning.Tests.Inference;

public class ModelFeedsTests
{
    static readonly LabeledSet Seven = new("seven", Runtime.Input(28), [4], new int[7], 2);

    [Theory, InlineData(1), InlineData(3), InlineData(10), InlineData(null)]
    public void A_model_with_a_fixed_batch_gives_every_sample_the_same_class(int? batch)
    {
        using var free = new RuntimeModel(Classifier(null));
        using var model = new RuntimeModel(Classifier(batch));
        Assert.Equal(Predictions.Of(free, Seven).Classes, Predictions.Of(model, Seven).Classes);
        var compared = ComparedOutputs.Of([model, model], [ModelFeeds.Of(model, Seven), ModelFeeds.Of(model, Seven)], Seven);
        Assert.Equal((1, 0), (compared[1].Agreement, compared[1].Nmse));
        Assert.All(Latency.Measure([model], Seven, TimeSpan.Zero), time => Assert.True(time > TimeSpan.Zero));
    }

    [Fact]
    public void A_batch_that_is_only_called_free_is_run_one_by_one()
    {
        var graph = new ModelGraph("stuck", [new("x", ElementType.Float, ["N", 4])],
            [new("y", ElementType.Float, []) { HasShape = false }],
            [new("", "Reshape", ["x", "shape"], ["a"]), new("", "Relu", ["a"], ["y"])], [Initializer.Of("shape", [2], [1L, 4L])]);
        using var model = new RuntimeModel(graph);
        Assert.Equal(1, ModelFeeds.Of(model, Seven).PerRun);
    }

    [Theory, InlineData(ElementType.Int64), InlineData(ElementType.Int32), InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Float16), InlineData(ElementType.Double), InlineData(ElementType.Bool)]
    public void Inputs_of_any_type_are_given_and_read(ElementType type)
    {
        var graph = new ModelGraph("typed", [new("x", type, ["N", 4])], [new("y", ElementType.Float, ["N", 4])],
            [new("", "Cast", ["x"], ["y"], new Dictionary<string, AttributeValue> { ["to"] = 1L })], []);
        using var model = new RuntimeModel(graph);
        var whole = new LabeledSet("whole", [0, 1, 1, 0, 1, 1, 1, 0], [4], new int[2], 1);
        Assert.Equal(whole.Features, model.Run(ModelFeeds.Of(model, whole)[0].Tensors)[0].ToFloats());
        Assert.Equal(1, RandomFeeds.For(model, RandomKey.FromSeed(1))[0].Batch);
        if (type is not (ElementType.Float16 or ElementType.Double))
            Assert.Contains($"takes values of type {type}, but value 0 of the data is 0.5",
                Assert.Throws<ArgumentException>(() => RuntimeTensor.Of("x", type, [1], [0.5f])).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_score_is_a_class_by_its_sign_or_by_a_half_where_it_is_a_probability()
    {
        foreach (bool isProbability in new[] { false, true })
        {
            var graph = new ModelGraph("single", [new("x", ElementType.Float, ["N", 4])], [new("y", ElementType.Float, ["N", 1])],
                [new("", "MatMul", ["x", "w"], [isProbability ? "a" : "y"]), .. isProbability
                    ? new Node[] { new("", "Sigmoid", ["a"], ["y"]) } : []], [Initializer.Of("w", [4, 1], [1f, 0, 0, 0])]);
            using var model = new RuntimeModel(graph);
            Assert.Equal(Enumerable.Range(0, 7).Select(i => Seven[i][0] > 0 ? 1 : 0), Predictions.Of(model, Seven).Classes);
        }
    }

    [Fact]
    public void Random_inputs_find_a_length_that_the_model_runs_on_or_take_the_one_that_is_said()
    {
        var graph = new ModelGraph("window",
            [new("x", ElementType.Float, ["N", "time"]), new("state", ElementType.Float, [2, ""])],
            [new("y", ElementType.Float, []) { HasShape = false }],
            [new("", "MatMul", ["x", "w"], ["a"]),
                new("", "Concat", ["state", "state"], ["s"], new Dictionary<string, AttributeValue> { ["axis"] = 1L }),
                new("", "MatMul", ["s", "v"], ["b"]), new("", "Sum", ["a", "b"], ["y"])],
            [Initializer.Of("w", [80, 80], new float[6400]), Initializer.Of("v", [2, 80], new float[160])]);
        using var model = new RuntimeModel(graph);
        Assert.Equal([1L, 80L], RandomFeeds.For(model, RandomKey.FromSeed(1))[0].Tensors[0].Shape);
        Assert.Contains("has no open length 'tme'",
            Assert.Throws<ArgumentException>(() =>
                RandomFeeds.For(model, RandomKey.FromSeed(1), lengths: new Dictionary<string, int> { ["tme"] = 3 })).Message,
                StringComparison.Ordinal);
        Assert.Contains("say its open lengths",
            Assert.Throws<ArgumentException>(() =>
                RandomFeeds.For(model, RandomKey.FromSeed(1), lengths: new Dictionary<string, int> { ["time"] = 3 })).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Arrays_feed_several_inputs_sample_by_sample()
    {
        var graph = new ModelGraph("two", [new("a", ElementType.Float, ["N", 2]), new("rate", ElementType.Int64, [])],
            [new("y", ElementType.Float, ["N", 2])],
            [new("", "Cast", ["rate"], ["r"], new Dictionary<string, AttributeValue> { ["to"] = 1L }),
                new("", "Mul", ["a", "r"], ["y"])], []);
        using var model = new RuntimeModel(graph);
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.npz");
        try
        {
            using (var archive = ZipFile.Open(path, ZipArchiveMode.Create))
            {
                Put(archive, "a.npy", NpyFile.Serialize([1, 2, 3, 4, 5, 6], 3, 2));
                Put(archive, "rate.npy", Npy("<i8", "()", BitConverter.GetBytes(10L)));
            }

            var feeds = ArrayFeeds.For(model, "two.npz", NumpyArray.ReadZip(path));
            Assert.Equal([10f, 20, 30, 40, 50, 60], Enumerable.Range(0, feeds.Count)
                .SelectMany(run => model.Run(feeds[run].Tensors)[0].ToFloats()));
            Assert.Contains("has no array for input 'rate'",
                Assert.Throws<ArgumentException>(() =>
                    ArrayFeeds.For(model, "two.npz", NumpyArray.ReadZip(path).Where(each => each.Key == "a")
                        .ToDictionary())).Message, StringComparison.Ordinal);
            File.WriteAllBytes(path, [1, 2, 3]);
            Assert.Throws<InvalidPayloadException>(() => NumpyArray.ReadZip(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    static void Put(ZipArchive archive, string name, byte[] bytes)
    {
        using var stream = archive.CreateEntry(name).Open();
        stream.Write(bytes);
    }

    static byte[] Npy(string type, string shape, byte[] values)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}\n";
        return [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length),
            .. System.Text.Encoding.ASCII.GetBytes(header), .. values];
    }

    static ModelGraph Classifier(int? batch)
    {
        Dimension first = batch is { } count ? count : "N";
        return new("two", [new("x", ElementType.Float, [first, 4])], [new("y", ElementType.Float, [first, 2])],
            [new("", "MatMul", ["x", "w"], ["y"])], [Initializer.Of("w", [4, 2], Runtime.Input(8))]);
    }
}
