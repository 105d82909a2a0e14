using Plume.Cli.Errors;
using Plume.Cli.Network;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Tests.Setup;

public sealed class TeachersTests : IDisposable
{
    static readonly LabeledSet Train = Digits.Load().Train;

    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_clients_cannot_learn_from_is_refused_by_its_name()
    {
        File.WriteAllText(folder["text.onnx"], "This is no model.");
        Write("few.onnx", [1, 8, 8], classes: 3);
        Write("large.onnx", [1, 9, 9], classes: 10);
        foreach (var (file, message) in new[]
        {
            ("none.onnx", "cannot be opened"), ("text.onnx", "cannot be read"), ("text.txt", "A model file ends in .onnx"),
            ("few.onnx", "tells 3 classes apart, but digits (train) has 10"),
            ("large.onnx", "takes [N, 1, 9, 9], but the samples of digits (train) are [1, 8, 8] each"),
        })
        {
            var refused = Assert.Throws<ArgumentException>(() => Of(new FromTeacher(), folder[file]));
            Assert.StartsWith($"Clients cannot learn from '{folder[file]}'. ", refused.Message, StringComparison.Ordinal);
            Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_teacher_of_the_same_columns_in_another_order_is_asked_about_samples_in_its_own()
    {
        var set = new LabeledSet("two", [1, 2, 3, 4], [2], [0, 1], 2) { Schema = new SampleSchema { Columns = ["a", "b"] } };
        File.WriteAllBytes(folder["t.onnx"],
            OnnxFile.Write(new SampleSchema
            {
                Columns =
                ["b", "a"]
            }.AddTo(ModelZoo.Build("logistic", [2], 2, RandomKey.FromSeed(1)))));
        Assert.Equal("b", Assert.Throws<InvalidOperationException>(() =>
            Teachers.Of(new FromTeacher(), folder["t.onnx"], set,
                asked => throw new InvalidOperationException(SampleSchema.Of(asked).Columns![0]), default, 1)).Message);
    }

    [Fact]
    public void A_teacher_of_the_same_classes_in_another_order_is_refused()
    {
        var set = new LabeledSet("two", [1, 2, 3, 4], [2], [0, 1], 2) { Schema = new SampleSchema { Classes = ["cat", "dog"] } };
        File.WriteAllBytes(folder["t.onnx"],
            OnnxFile.Write(new SampleSchema
            {
                Classes =
                ["dog", "cat"]
            }.AddTo(ModelZoo.Build("logistic", [2], 2, RandomKey.FromSeed(1)))));
        Assert.Contains("tells the classes",
            Assert.Throws<ArgumentException>(() =>
                Teachers.Of(new FromTeacher(), folder["t.onnx"], set, _ => set, default, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_names_files_that_are_there_and_models_that_there_are()
    {
        Assert.Contains("--teacher names 'none.onnx', which does not exist",
            Assert.Throws<CliException>(() => LocalLearners.With("none.onnx", null, null)).Message, StringComparison.Ordinal);
        Assert.Contains("--local-model names 'vgg', which is neither a file nor a built-in model (",
            Assert.Throws<CliException>(() => LocalLearners.With(null, "vgg", null)).Message, StringComparison.Ordinal);
        Assert.Equal("mlp", LocalLearners.With(null, "mlp", null).LocalModel);
    }

    [Fact]
    public void A_built_in_model_that_stays_begins_with_other_weights_than_the_one_that_travels()
    {
        var stays = Of(new Mutual(), "mlp").LocalModel!;
        Assert.NotEqual(Students.BuiltIn("mlp", Train, RandomKey.FromSeed(1)).ToWeights().Values, stays.ToWeights().Values);
        Assert.Equal(stays.ToWeights().Values, Of(new Mutual(), "mlp").LocalModel!.ToWeights().Values);
    }

    static Teachers Of(Teaching teaching, string model) =>
        Teachers.Of(teaching, model, Train, _ => throw new InvalidOperationException("It takes the samples as they are."),
            RandomKey.FromSeed(1), 1);

    void Write(string file, int[] shape, int classes) =>
        File.WriteAllBytes(folder[file], OnnxFile.Write(ModelZoo.Build("logistic", shape, classes, RandomKey.FromSeed(1))));
}
