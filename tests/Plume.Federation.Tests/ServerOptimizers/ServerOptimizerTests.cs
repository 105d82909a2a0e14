using Plume.Compression.Weights;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Tests.ServerOptimizers;

public class ServerOptimizerTests
{
    static readonly ModelLayout Layout = ModelLayout.Of([("w", [2], TensorRole.Weight), ("mean", [1], TensorRole.Statistic)]);
    static readonly float[][] Means = [[0.5f, -0.25f, 1], [0.1f, 0.2f, -2], [-0.3f, 0, 0.5f]];

    [Fact]
    public void FedAvg_adds_the_mean_times_the_rate() => AssertRun(new FedAvg(0.5), (model, mean, _) => model + 0.5 * mean);

    [Fact]
    public void FedAvgM_adds_a_velocity() =>
        AssertRun(new FedAvgM(0.5, 0.9), (model, mean, memory) => model + 0.5 * (memory[0] = 0.9 * memory[0] + mean));

    [Fact]
    public void FedAdam_is_the_published_one() => AssertRun(new FedAdam(0.1, 0.9, 0.99, 1e-3), (model, mean, memory) =>
    {
        memory[0] = 0.9 * memory[0] + 0.1 * mean;
        memory[1] = 0.99 * memory[1] + 0.01 * mean * mean;
        return model + 0.1 * memory[0] / (Math.Sqrt(memory[1]) + 1e-3);
    });

    [Fact]
    public void FedYogi_is_the_published_one() => AssertRun(new FedYogi(0.1, 0.9, 0.99, 1e-3), (model, mean, memory) =>
    {
        memory[0] = 0.9 * memory[0] + 0.1 * mean;
        memory[1] -= 0.01 * mean * mean * Math.Sign(memory[1] - mean * mean);
        return model + 0.1 * memory[0] / (Math.Sqrt(memory[1]) + 1e-3);
    });

    [Fact]
    public void Parameters_out_of_range_are_refused()
    {
        foreach (Func<ServerOptimizer> make in new Func<ServerOptimizer>[] { () => new FedAvg(0), () => new FedAvg(double.NaN),
            () => new FedAvgM(1, 1), () => new FedAdam(Beta2: -0.1), () => new FedYogi(Tau: 0) })
            Assert.Throws<ArgumentOutOfRangeException>(make);
        Assert.Throws<ArgumentException>(() => new FedAdam().Apply(Layout, new float[3], new float[3], new float[5]));
    }

    static void AssertRun(ServerOptimizer optimizer, Func<double, double, double[], double> twin)
    {
        float[] model = [1, -1, 0.5f], memory = new float[optimizer.MemoryPerValue * model.Length];
        double[] expected = [1, -1, 0.5];
        double[][] twinMemory = [new double[2], new double[2]];
        foreach (float[] mean in Means)
        {
            optimizer.Apply(Layout, model, mean, memory);
            for (int i = 0; i < 2; i++)
                expected[i] = twin(expected[i], mean[i], twinMemory[i]);
            expected[2] += mean[2];
        }

        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], model[i], 1e-5);
    }
}
