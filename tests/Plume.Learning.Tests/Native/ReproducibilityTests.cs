using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Learning.Data;
using Plume.Models.Zoo;

namespace Plume.Learning.Tests.Native;

public class ReproducibilityTests
{
    const int Samples = 600, Values = 784, Classes = 10, Threads = 4, Clients = 40;

    [Fact]
    public void Training_ends_in_the_same_bits_wherever_its_memory_lies()
    {
        var draws = new RandomDraws(RandomKey.FromSeed(5));
        var features = new float[Samples * Values];
        for (int i = 0; i < features.Length; i++)
            features[i] = (float)draws.NextDouble();
        var set = new LabeledSet("drawn", features, [Values], [.. Enumerable.Range(0, Samples).Select(i => i % Classes)], Classes);
        var graph = ModelZoo.Build("logistic", set.SampleShape, Classes, RandomKey.FromSeed(6));
        int[] all = [.. Enumerable.Range(0, Samples)];
        using var learner = new GraphLearner(graph, set, [.. Enumerable.Repeat(all, Clients)]);
        var objective = new LocalObjective(1, 32, 0.05);
        float[] initial = graph.ToWeights().Values;
        var trained = new float[Clients][];
        // Side by side, each on an executor of its own, and among allocations of other sizes.
        Parallel.For(0, Clients, new ParallelOptions { MaxDegreeOfParallelism = Threads }, client =>
        {
            byte[] between = new byte[1000 + 17 * client];
            trained[client] = new float[initial.Length];
            var task = new LocalTask(1, 0, initial, objective, RandomKey.FromSeed(7));
            learner.Train(task, trained[client], CancellationToken.None);
            GC.KeepAlive(between);
        });
        Assert.All(trained, weights => Assert.Equal(trained[0], weights));
    }
}
