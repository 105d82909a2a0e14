using Plume.Compression.Randomness;
using Plume.Federation.Methods;
using Plume.Federation.Notation;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Learning.Shipping;
using Plume.Learning.Training;
using Plume.Models.Cost;
using Plume.Models.Graph;
using Plume.Models.Prune.Connections;
using Plume.Models.Zoo;
using Predictions = Plume.Learning.Inference.Predictions;

namespace Plume.Learning.Tests.Shipping;

public class ShipsLineTests
{
    static readonly RandomKey Key = RandomKey.FromSeed(5);
    static readonly (LabeledSet Train, LabeledSet Test) Digits = Data.Digits.Load();
    static readonly ModelGraph Trained = Train();

    [Theory]
    [InlineData("channels(50%) | quantize(8)")]
    [InlineData("prune(80%) | quantize(4, 2)")]
    [InlineData("quantize(4, packed)")]
    [InlineData("channels(29%) | finetune(epochs=2, public=p.npy) | prune(60%) | finetune(epochs=1) | quantize(8) | "
        + "finetune(epochs=3)")]
    [InlineData("distill(lenet, public=p.npy, temperature=4, epochs=3)")]
    [InlineData("distill(25%, public=p.npy) | quantize(2, 3)")]
    public void A_line_reads_back_as_it_prints(string line) => Assert.Equal(line, ShipsLine.Parse(line).ToString());

    [Theory]
    [InlineData("", "column 1: a word is missing here; known are distill, channels, prune, quantize, finetune.")]
    [InlineData("shrink(50%)",
        "column 1: 'shrink' makes nothing of a model; known are distill, channels, prune, quantize, finetune.")]
    [InlineData("quantize(8) | quantize(4)", "column 15: 'quantize(8)' stands there already.")]
    [InlineData("quantize(8) | channels(50%)",
        "column 15: 'channels(50%)' must stand before 'quantize(8)', for it would undo it; write 'channels(50%) | quantize(8)'.")]
    [InlineData("prune(50%) | finetune(epochs=1) | channels(20%)",
        "column 35: 'channels(20%)' must stand before 'prune(50%)', for it would undo it; write 'channels(20%) | prune(50%)'.")]
    [InlineData("prune(50%) | distill(mlp)",
        "column 14: 'distill(mlp)' must stand before 'prune(50%)', for it would undo it; write 'distill(mlp) | prune(50%)'.")]
    [InlineData("finetune(epochs=1)",
        "column 1: 'finetune(epochs=1)' trains what lost something, so it follows channels, prune or quantize.")]
    [InlineData("distill(mlp) | finetune(epochs=1)",
        "column 16: 'finetune(epochs=1)' trains what lost something, so it follows channels, prune or quantize; 'distill(mlp)' "
            + "is trained already, and learns longer by its epochs.")]
    [InlineData("prune(50%) | finetune(epochs=1, public=a.npy) | quantize(8) | finetune(epochs=1, public=b.npy)",
        "column 63: 'finetune' learns from 'b.npy', and a step before from 'a.npy'; say it once.")]
    [InlineData("prune(50%) | finetune",
        "column 14: finetune needs passes over the public samples, such as finetune(epochs=2, public=FILE.npy).")]
    [InlineData("channels", "column 1: channels needs the share of the parameters that goes, such as channels(50%).")]
    [InlineData("channels(100%)", "column 10: something of a model must be left: let less than 100% go.")]
    [InlineData("prune(0.5)", "column 7: '0.5' must be a percentage, such as 50%.")]
    [InlineData("quantize(9)", "column 10: '9' must be an integer from 1 to 8.")]
    [InlineData("quantize(4, 1)", "column 13: '1' must be an integer from 2 to 8.")]
    [InlineData("quantize(8, packed)",
        "column 1: packed puts two weights of up to 4 bits into a byte, but these have 8; leave it out.")]
    [InlineData("distill(lenett)", "column 9: 'lenett' is no built-in model and no share such as 25%; known are ")]
    [InlineData("distill(mlp, temperature=0)", "column 14: '0' must be a temperature above 0.")]
    public void A_mistake_is_named_with_its_column(string line, string message) =>
        Assert.StartsWith($"Ships '{line}', {message}", Assert.Throws<FormatException>(() => ShipsLine.Parse(line)).Message);

    [Theory]
    [InlineData("quantize(8)", "quantize(4, 8)",
        "'quantize(8)' cannot follow 'quantize(4, 8)' of the training, after which integers ship as they were trained; leave "
            + "ships out")]
    [InlineData("channels(50%)", "prune(90%, rounds=1..2) | quantize(4, 8)", "'channels(50%)' cannot follow 'quantize(4, 8)'")]
    [InlineData("distill(25%, public=p.npy)", "quantize(4, 8)",
        "'distill(25%, public=p.npy)' narrows the model, which has few bits")]
    [InlineData("distill(mlp, public=p.npy) | quantize(8)", "quantize(4, 8)", null)]
    [InlineData("prune(90%) | quantize(8)", "prune(90%, rounds=1..2)",
        "'prune(90%)' takes nothing from a model of which 'prune(90%, rounds=1..2)' leaves 10%: prune more, or leave it out.")]
    [InlineData("prune(95%)", "prune(90%, rounds=1..2)", null)]
    [InlineData("channels(50%) | quantize(8)", "scaffold", null)]
    public void A_line_that_the_training_leaves_nothing_to_do_is_refused(string line, string training, string? message)
    {
        string? misfit = ShipsLine.Parse(line).Misfit(TrainingLine.Parse(training), new Averaging());
        if (message is null)
            Assert.Null(misfit);
        else
            Assert.StartsWith(message, misfit);
    }

    [Fact]
    public void Weights_of_one_size_have_no_smallest()
    {
        var masks = MethodNotation.Parse("masks");
        Assert.Null(ShipsLine.Parse("quantize(8)").Misfit(TrainingLine.Plain, masks));
        Assert.StartsWith("'prune(50%)' takes the smallest weights", ShipsLine.Parse("prune(50%) | quantize(8)")
            .Misfit(TrainingLine.Plain, masks));
    }

    [Fact]
    public void Each_step_does_what_it_says_and_what_was_taken_stays_taken_while_the_rest_learns()
    {
        // Without labels: samples that the model says something of.
        var samples = Digits.Train.Take("public", [.. Enumerable.Range(0, 100)]);
        var work = new ShippingWork(Digits.Test, samples, Key);
        var cut = ShipsLine.Parse("channels(50%)").Apply(Trained, work);
        Assert.InRange((double)GraphCost.Of(cut).Parameters / GraphCost.Of(Trained).Parameters, 0.4, 0.5);

        var sparse = ShipsLine.Parse("prune(80%) | finetune(epochs=20)").Apply(Trained, work);
        var untrained = ShipsLine.Parse("prune(80%)").Apply(Trained, work);
        Assert.Equal(0.8, WeightMask.OfZeros(sparse.ToWeights()).Sparsity, 0.01);
        Assert.Equal(WeightMask.OfZeros(untrained.ToWeights()), WeightMask.OfZeros(sparse.ToWeights()));
        Assert.True(Agreement(sparse) > Agreement(untrained), $"{Agreement(sparse)} is not above {Agreement(untrained)}.");

        var few = ShipsLine.Parse("prune(50%) | quantize(4, 8)").Apply(Trained, work);
        Assert.Contains(few.Nodes, node => node.OpType == FakeQuantizer.OpType);
        var student = ShipsLine.Parse("distill(logistic, epochs=40)").Apply(Trained, work);
        Assert.Equal("logistic", student.Name);
        Assert.InRange(Agreement(student), 0.5, 1);
        Assert.Equal(student.ToWeights().Values, ShipsLine.Parse("distill(logistic, epochs=40)")
            .Apply(Trained, work with { Threads = 2 }).ToWeights().Values);
    }

    [Theory]
    [InlineData("distill(mlp)", "mlp",
        "'distill(mlp)' learns, and the samples that it may learn from are missing: add public=FILE.npy, a file of samples "
            + "without labels.")]
    [InlineData("channels(50%)", "logistic", "'channels(50%)' finds no channel of 'logistic' that can go")]
    public void What_does_not_fit_is_known_without_training(string line, string model, string message)
    {
        var graph = ModelZoo.Build(model, Digits.Train.SampleShape, 10, Key);
        Assert.StartsWith(message,
            Assert.Throws<ArgumentException>(() => ShipsLine.Parse(line)
                .Rehearse(graph, new ShippingWork(Digits.Test, null, Key))).Message);
    }

    static ModelGraph Train()
    {
        using var trainer = new GraphTrainer(ModelZoo.Build("mlp", Digits.Train.SampleShape, 10, Key), Digits.Train,
            new TrainingOptions(3), threads: 2);
        return trainer.Train(new CrossEntropy(), Key);
    }

    // With the trained model, on samples that no step has seen.
    static double Agreement(ModelGraph graph)
    {
        using RuntimeModel one = new(Trained), other = new(graph);
        return Predictions.Of(other, Digits.Test).Agreement(Predictions.Of(one, Digits.Test));
    }
}
