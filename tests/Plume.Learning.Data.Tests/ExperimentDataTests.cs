using Plume.Compression.Weights.Formats;
using Plume.Learning.Partition;

namespace Plume.Learning.Data.Tests;

/// <summary>The split and the weights that the experiments start from.</summary>
public sealed class ExperimentDataTests
{
    static string Place(string name) => Path.Combine(AppContext.BaseDirectory, "experiments", name);

    [Fact]
    public void The_split_deals_all_training_images_to_100_clients_ten_of_whom_take_part_in_each_of_100_rounds()
    {
        var images = new LabeledSet("images", new float[60_000], [1], new int[60_000], 10);
        var allotment = new FromFile(Place("fashion-mnist-dirichlet0.3.json.gz")).Deal(images, 100, Some.Key());
        Assert.Equal(Enumerable.Range(0, 60_000), allotment.Clients.SelectMany(samples => samples).Order());
        Assert.Equal((161, 1781),
            (allotment.Clients.Min(samples => samples.Length), allotment.Clients.Max(samples => samples.Length)));
        Assert.Equal([65, 84, 76, 48, 98, 58, 41, 20, 24, 87], allotment.Rounds![0]);
        Assert.Equal(100, allotment.Rounds.Count);
        Assert.All(allotment.Rounds, participants => Assert.Equal(10, participants.Length));
    }

    [Fact]
    public void The_initial_weights_are_those_of_the_80202_parameter_network()
    {
        var file = NpyFile.Read(Place("fashion-mnist-lenet-init.npy"));
        Assert.Equal([80_202], file.Shape);
        Assert.All(file.Values, value => Assert.InRange(value, -1, 1));
        Assert.InRange(file.Values.Average(Math.Abs), 0.01, 0.1);
    }
}
