using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Training;
using Plume.Models.Graph;
using Plume.Models.Zoo;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Tests.Distill;

public class DistillationTests
{
    static readonly double[] Student = [0.3, -1.2, 2.0, 0.1], Teacher = [1.0, 0.5, 3.0, -2.0];

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(20)]
    public void The_softened_loss_is_that_of_the_formula(double temperature) =>
        Assert.Equal(Loss(Student, temperature), Softened(Student, temperature).Loss, 1e-5);

    // Worked out from the formula with 40 digits.
    [Theory]
    [InlineData(1, 0.620294187)]
    [InlineData(2, 0.851545938)]
    [InlineData(4, 0.909004894)]
    public void The_softened_loss_of_three_scores_is_what_was_worked_out(double temperature, double loss)
    {
        double[] student = [1, 1.5, 0], teacher = [3, 1, -1];
        var (value, gradient) = Softened(student, temperature, teacher);
        Assert.Equal(loss, value, 1e-8);
        if (temperature == 2)
            Assert.All(gradient.Zip([-0.638573521, 0.398971016, 0.239602506]),
                pair => Assert.Equal(pair.Second, pair.First, 1e-8));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(20)]
    public void The_gradient_is_T_times_the_difference_of_softened_outputs_and_that_of_finite_differences(double temperature)
    {
        double[] gradient = Softened(Student, temperature).Gradient;
        double[] p = Softmax(Teacher, temperature), q = Softmax(Student, temperature);
        for (int i = 0; i < Student.Length; i++)
        {
            double[] above = [.. Student], below = [.. Student];
            above[i] += 1e-4;
            below[i] -= 1e-4;
            Assert.Equal((Loss(above, temperature) - Loss(below, temperature)) / 2e-4, gradient[i], 1e-4);
            Assert.Equal(temperature * (q[i] - p[i]), gradient[i], 1e-4);
        }
    }

    [Fact]
    public void A_student_learns_without_labels_when_the_teacher_has_the_whole_loss()
    {
        var (train, test) = Digits.Load();
        var teacher = Train(ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1)), train, new CrossEntropy());
        var unlabeled = new LabeledSet("unlabeled", train.Features, train.SampleShape, new int[train.Count], train.Classes);
        var student = Train(ModelZoo.Build("logistic", [1, 8, 8], 10, RandomKey.FromSeed(2)), unlabeled,
            new Distillation(SoftLabels.Of(teacher, unlabeled), 2, 1));
        using var evaluator = new GraphEvaluator(student, test);
        Assert.InRange(evaluator.Evaluate(student.ToWeights().Values.ToArray(), default).Accuracy, 0.9, 1);
    }

    [Fact]
    public void A_teachers_scores_do_not_depend_on_the_number_of_threads()
    {
        var (train, _) = Digits.Load();
        var teacher = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1));
        Assert.Equal(SoftLabels.Of(teacher, train).Scores.ToArray(), SoftLabels.Of(teacher, train, threads: 3).Scores.ToArray());
    }

    [Fact]
    public void A_hint_pulls_a_value_inside_the_student_towards_the_teachers()
    {
        var (train, _) = Digits.Load();
        var few = train.Take("few", [.. Enumerable.Range(0, 64)]);
        var teacher = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1));
        var student = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(2));
        var labels = SoftLabels.Of(teacher, few);
        double without = Distance(Train(student, few, new Distillation(labels, 4, 0), epochs: 20));
        using var hints = new Hints(teacher, [new Hint("relu1", "relu1", 10)]);
        double with = Distance(Train(student, few, new Distillation(labels, 4, 0) { Hints = hints }, epochs: 20));
        Assert.True(with < 0.5 * without, $"{with} is not far below {without}");

        double Distance(ModelGraph trained)
        {
            float[] ours = Inner(trained), theirs = Inner(teacher);
            return ours.Zip(theirs, (a, b) => Math.Pow(a - b, 2)).Sum();
        }

        float[] Inner(ModelGraph graph) => Runtime.Torch(Until(graph, "relu1"), few.Features, [few.Count, 1, 8, 8]);
    }

    [Fact]
    public void A_hint_between_values_that_cannot_be_compared_names_both()
    {
        var (train, _) = Digits.Load();
        var teacher = ModelZoo.Build("mlp", [1, 8, 8], 10, RandomKey.FromSeed(1));
        using var hints = new Hints(teacher, [new Hint("fc1", "output")]);
        var refusal = Assert.Throws<ArgumentException>(() =>
            Train(teacher, train, new Distillation(SoftLabels.Of(teacher, train), 4, 1) { Hints = hints }));
        Assert.Contains("'fc1' [32, 64] of the student with 'output' [32, 10] of the teacher", refusal.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0.5, "A temperature must be above 0, but is 0.")]
    [InlineData(double.NaN, 0.5, "A temperature must be above 0, but is NaN.")]
    [InlineData(4, 1.5, "The teacher's share alpha must be 0 to 1, but is 1.5.")]
    public void Numbers_out_of_range_are_refused(double temperature, double alpha, string message)
    {
        var set = Digits.Load().Test;
        var labels = SoftLabels.Of(ModelZoo.Build("logistic", [1, 8, 8], 10, RandomKey.FromSeed(1)), set);
        Assert.StartsWith(message,
            Assert.Throws<ArgumentOutOfRangeException>(() => new Distillation(labels, temperature, alpha)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_ramp_reads_what_it_prints_and_goes_in_a_straight_line()
    {
        foreach (string text in new[] { "4", "8..1", "0.5..0.25" })
            Assert.Equal(text, Ramp.Parse(text).ToString());
        Assert.Equal(4.5, Ramp.Parse("8..1").At(0.5));
        Assert.Throws<FormatException>(() => Ramp.Parse("8..1..2"));
        Assert.Throws<FormatException>(() => Ramp.Parse("hot"));
    }

    static double[] Softmax(double[] scores, double temperature)
    {
        double[] exponentials = [.. scores.Select(score => Math.Exp(score / temperature))];
        return [.. exponentials.Select(value => value / exponentials.Sum())];
    }

    static double Loss(double[] student, double temperature)
    {
        double[] p = Softmax(Teacher, temperature), q = Softmax(student, temperature);
        return temperature * temperature * p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();
    }

    static (double Loss, double[] Gradient) Softened(double[] student, double temperature, double[]? teacher = null)
    {
        Plume.Learning.Native.TorchLibrary.EnsureLoaded();
        using var scope = NewDisposeScope();
        var logits = tensor(student, [1, student.Length], requires_grad: true);
        var loss = Distillation.Softened(logits, tensor(teacher ?? Teacher, [1, student.Length]), temperature);
        loss.backward();
        return (loss.ToDouble(), logits.grad!.data<double>().ToArray());
    }

    static ModelGraph Train(ModelGraph graph, LabeledSet set, ITrainingObjective objective, int epochs = 8)
    {
        using var trainer = new GraphTrainer(graph, set, new TrainingOptions(epochs));
        return trainer.Train(objective, RandomKey.FromSeed(1));
    }

    static ModelGraph Until(ModelGraph graph, string value) => new(
        graph.Name, graph.Inputs, [new ValueInfo(value, ElementType.Float, []) { HasShape = false }],
        [.. graph.Nodes.TakeWhile(node => !ReferenceEquals(node, graph.Nodes[^1]))], graph.Initializers);
}
