using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Compression.Weights.Formats;
using Plume.Federation.Labels;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;
using Plume.Federation.Rounds;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Partition;
using Plume.Learning.Training;
using Plume.Models.Graph;
using Plume.Models.Zoo;
using Plume.Simulation;

namespace Plume.Learning.Tests.Distill;

public class PublicLearningTests
{
    static readonly RandomKey Key = RandomKey.FromSeed(3);
    static readonly (LabeledSet Train, LabeledSet Test) Digits = Data.Digits.Load();
    static readonly Allotment Dealt = new Iid().Deal(Digits.Train, 6, Key);

    [Fact]
    public void Three_architectures_teach_a_student_that_has_the_same_bits_on_any_number_of_threads()
    {
        var (serial, accuracy) = Run(threads: 1);
        var (parallel, _) = Run(threads: 3);
        Assert.Equal(serial, parallel);
        Assert.InRange(accuracy, 0.6, 1);
    }

    [Fact]
    public void Samples_that_are_held_out_are_nobodys_and_the_rest_is_dealt_as_before()
    {
        var (held, left) = PublicSource.Take("holdout(400)", Digits.Train, Digits.Test, Dealt, Key);
        Assert.Equal((400, 10), (held.Terms.Samples, held.Terms.Classes));
        Assert.Equal(Digits.Train.Count - 400, left.Clients.Sum(samples => samples.Length));
        Assert.All(left.Clients.Zip(Dealt.Clients), pair => Assert.Subset(pair.Second.ToHashSet(), pair.First.ToHashSet()));
        Assert.Equal(held.Terms, PublicSource.Take("holdout(400)", Digits.Train, Digits.Test, Dealt, Key).Public.Terms);
        Assert.NotEqual(held.Terms.Hash,
            PublicSource.Take("holdout(400)", Digits.Train, Digits.Test, Dealt, RandomKey.FromSeed(4)).Public.Terms.Hash);
    }

    [Theory]
    [InlineData("test", "must not teach it")]
    [InlineData("holdout(0)", "must be a whole number of samples")]
    [InlineData("holdout(1437)", "must leave samples to the clients")]
    [InlineData("holdout(1433)", "without a sample")]
    [InlineData("faces", "is no public set")]
    [InlineData("missing.npy", "does not exist")]
    public void A_public_set_that_cannot_be_is_refused(string source, string message) =>
        Assert.Contains(message,
            Assert.Throws<ArgumentException>(() => PublicSource.Take(source, Digits.Train, Digits.Test, Dealt, Key)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Test_samples_samples_of_another_shape_and_values_that_are_not_finite_are_refused_in_a_file()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("plume-test-").FullName, "public.npy");
        float[] some = Digits.Train.Features[..640];
        Assert.Equal(10, Take(some, 10).Terms.Samples);
        Assert.Contains("must hold samples of 64 values", Refusal(some, 20), StringComparison.Ordinal);
        Assert.Contains("1 samples of", Refusal([.. some[..128], .. Digits.Test[7]], 3), StringComparison.Ordinal);
        some[5] = float.NaN;
        Assert.Contains("value 5 is NaN", Refusal(some, 10), StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

        string Refusal(float[] values, int samples) => Assert.Throws<ArgumentException>(() => Take(values, samples)).Message;

        PublicSamples Take(float[] values, int samples)
        {
            NpyFile.Write(path, values, samples, values.Length / samples);
            return PublicSource.Take(path, Digits.Train, Digits.Test, Dealt, Key).Public;
        }
    }

    [Fact]
    public void A_model_of_other_classes_is_refused_before_it_trains()
    {
        var samples = new PublicSamples(Digits.Train);
        var other = ModelZoo.Build("mlp", [1, 8, 8], 11, Key);
        Assert.Contains("tells 11 classes apart",
            Assert.Throws<MisfitException>(() =>
                new PredictingLearner(other.Weights, [other], Digits.Train, Dealt.Clients, samples)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_client_says_follows_from_its_memory_and_what_it_was_taught()
    {
        var model = ModelZoo.Build("mlp", [1, 8, 8], 10, Key);
        var samples = new PublicSamples(Digits.Train.Take("public", [.. Enumerable.Range(0, 50)]));
        using var learner = new PredictingLearner(model.Weights, [ModelZoo.Build("logistic", [1, 8, 8], 10, Key), model],
            Digits.Train, Dealt.Clients, samples);
        var taught = new PublicLabels(new[] { 3 }, new float[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 });
        float[] before = new float[learner.MemoryLength], after = new float[learner.MemoryLength];
        float[] first = Say(default, before), again = Say(default, new float[learner.MemoryLength]), other = Say(taught, after);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        Assert.NotEqual(before, after);
        Assert.NotEqual(first, Say(default, before));
        Assert.All(first.Chunk(10), label => Assert.Equal(1, label.Sum(), 1e-5));

        float[] Say(PublicLabels labels, float[] memory)
        {
            var shares = new float[20];
            learner.Predict(new LocalTask(1, 1, default, new LocalObjective(1, 32, 0.1), Key) { Memory = memory }, labels, [3, 7],
                shares, default);
            return shares;
        }
    }

    static (float[] Model, double Accuracy) Run(int threads)
    {
        var student = ModelZoo.Build("mlp", [1, 8, 8], 10, Key);
        var (samples, left) = PublicSource.Take("holdout(400)", Digits.Train, Digits.Test, Dealt, Key);
        ModelGraph[] models = [ModelZoo.Build("logistic", [1, 8, 8], 10, Key), student,
            ModelZoo.Build("lenet-300-100", [1, 8, 8], 10, Key)];
        using var learner = new PredictingLearner(student.Weights, models, Digits.Train, left.Clients, samples);
        using var teaching = new PublicStudent(student, samples, threads);
        using var evaluator = new GraphEvaluator(student, Digits.Test, threads);
        var plan = new FederationPlan(6, 8, 4, new LocalObjective(6, 16, 0.1), Codec.Floats, Codec.Floats)
        {
            Method = (Predictions)MethodNotation.Parse("predictions(public=held, batch=100, bits=2, epochs=10)") with
            { Public = samples.Terms },
        };
        using var simulation = new Simulation.Simulation(
            new SimulationOptions(plan, 1) { Threads = threads, Student = teaching, EvaluateEvery = 8 }, learner, evaluator,
            student.ToWeights().Values, TimeProvider.System);
        while (simulation.NextRound() is not null)
        {
        }

        return (simulation.Model.ToArray(), simulation.Metrics[^1].Accuracy!.Value);
    }
}
