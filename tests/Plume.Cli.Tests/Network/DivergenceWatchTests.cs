using Plume.Cli.Network;
using Plume.Client;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Learning.Training;

namespace Plume.Cli.Tests.Network;

public sealed class DivergenceWatchTests : IDisposable
{
    readonly CancellationTokenSource leaving = new();

    public void Dispose() => leaving.Dispose();

    [Theory]
    [InlineData(ClientStage.Waiting)]
    [InlineData(ClientStage.BackingOff)]
    public void A_client_leaves_when_it_has_told_the_server_that_it_failed_or_cannot(ClientStage next)
    {
        var watch = new DivergenceWatch(leaving);
        var heard = watch.Before(new Nobody());
        Train(watch, double.NaN, double.NaN, double.NaN);
        heard.Report(new ClientProgress(ClientStage.Failed, 3, 0, 0, "It diverged."));
        Assert.False(leaving.IsCancellationRequested);
        heard.Report(new ClientProgress(next, 0, 0, 0, ""));
        Assert.True(leaving.IsCancellationRequested);
        Assert.Throws<DivergedException>(watch.Check);
    }

    [Theory]
    [InlineData(false, 0.5)]
    [InlineData(false, 0.5, double.NaN, double.PositiveInfinity, 0.5)]
    [InlineData(true, double.NaN)]
    [InlineData(true, 0.5, double.NaN, double.NaN, double.NaN)]
    public void One_that_learns_now_and_then_stays(bool failed, params double[] losses)
    {
        var watch = new DivergenceWatch(leaving);
        Train(watch, losses);
        if (failed)
            Assert.Throws<DivergedException>(watch.Check);
        else
            watch.Check();
    }

    static void Train(DivergenceWatch watch, params double[] losses)
    {
        foreach (double loss in losses)
            watch.Over(new Loses(loss))
                .Train(new LocalTask(1, 0, new float[1], new LocalObjective(1, 1, 0.1), RandomKey.FromSeed(1)), new float[1],
                    default);
    }

    sealed class Loses(double loss) : ILearner
    {
        public ModelLayout Layout => ModelLayout.Of([("w", [1], TensorRole.Weight)]);

        public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation) => new(1, loss);
    }

    sealed class Nobody : IProgress<ClientProgress>
    {
        public void Report(ClientProgress value)
        {
        }
    }
}
