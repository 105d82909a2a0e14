using Plume.Models.Building;

namespace Plume.Models.Tests;

public class GraphBuilderTests
{
    [Fact]
    public void Shapes_are_known_at_every_layer()
    {
        var network = new GraphBuilder([3, 9, 9], Some.Key);

        Assert.Equal(["N", 4, 5, 5], network.Conv("c", channels: 4, kernel: 3, stride: 2, padding: 1).Shape);
        Assert.Equal(["N", 4, 2, 2], network.AveragePool(2).Shape);
        Assert.Equal(["N", 4, 1, 1], network.Tanh().MaxPool(2, stride: 1).Shape);
        Assert.Equal(["N", 4], network.Flatten().Shape);
        Assert.Equal(["N", 7], network.Dense("d", 7, bias: false).Softmax().Shape);
    }

    [Fact]
    public void Softmax_and_average_pools_run()
    {
        var graph = new GraphBuilder([1, 4, 4], Some.Key).AveragePool(2).Tanh().Flatten().Dense("fc", 3, bias: false).Softmax()
            .Build("p");

        var (shape, values) = Runtime.Run(graph, [1, 1, 4, 4], Some.Normal(16, "x"));

        Assert.Equal([1, 3], shape);
        Assert.Equal(1, values.Sum(), 1e-6);
    }

    [Fact]
    public void Initial_values_are_uniform_within_the_root_of_the_fan_in()
    {
        var weights = new GraphBuilder([8, 6, 6], Some.Key).Conv("c", 64, 5).Flatten().Dense("d", 50).Build("m").ToWeights();

        foreach (var (name, fanIn) in new[] { ("c.weight", 200), ("c.bias", 200), ("d.weight", 256), ("d.bias", 256) })
        {
            double bound = 1 / Math.Sqrt(fanIn);
            double[] scaled = [.. weights[name].ToArray().Select(value => value / bound)];
            Assert.All(scaled, value => Assert.InRange(value, -1.000001, 1.000001));
            // A mean of n draws has standard deviation 1 / sqrt(3 n), a mean square 2 / sqrt(45 n); five of them are never met.
            Assert.InRange(scaled.Average(), -5 / Math.Sqrt(3.0 * scaled.Length), 5 / Math.Sqrt(3.0 * scaled.Length));
            double spread = 5 * 2 / Math.Sqrt(45.0 * scaled.Length);
            Assert.InRange(scaled.Average(value => value * value), 1 / 3.0 - spread, 1 / 3.0 + spread);
        }
    }

    [Fact]
    public void Another_layer_leaves_the_values_of_a_layer_alone()
    {
        var alone = new GraphBuilder([4], Some.Key).Dense("fc", 3).Build("a").ToWeights();
        var second = new GraphBuilder([4], Some.Key).Dense("first", 4).Relu().Dense("fc", 3).Build("b").ToWeights();

        Assert.Equal(alone["fc.weight"], second["fc.weight"]);
        Assert.False(second["first.weight"][..12].SequenceEqual(second["fc.weight"]));
    }

    [Fact]
    public void A_layer_that_does_not_fit_is_named()
    {
        Fails("'c' (Conv)", "a kernel that reaches over 5 values is longer than the 4 values", () => Network(1, 4, 4)
            .Conv("c", 2, 5));
        Fails("'maxpool1' (MaxPool)", "longer than the 4 values", () => Network(1, 4, 4).MaxPool(5));
        Fails("'d'", "needs an input of 2 dimensions, but it is [N, 1, 4, 4]", () => Network(1, 4, 4).Dense("d", 2));
        Fails("'c'", "needs an input of 4 dimensions, but it is [N, 4]", () => Network(4).Conv("c", 2, 1));
        Fails("'add1' (Add)", "must be equal, but are 3 and 2", () => Network(4)
            .Residual(main => main.Dense("d", 3), other => other.Dense("e", 2)));
        Fails("'c' (Conv)", "strides must be 2 numbers from 1", () => Network(1, 4, 4).Conv("c", 2, 1, stride: 0));
        Fails("'c' (Conv)", "pads must be 4 numbers from 0", () => Network(1, 4, 4).Conv("c", 2, 1, padding: -1));
    }

    [Fact]
    public void Names_are_given_once()
    {
        Fails("'d", "taken", () => Network(4).Dense("d", 4).Dense("d", 4));
        Fails("'input'", "unique", () => Network(4).Dense("input", 4));
        Fails("'relu1'", "unique", () => Network(4).Dense("relu1", 4).Relu());
    }

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Network(4).Dense("d", 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Network(1, 4, 4).Conv("c", 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Network(1, 4, 4).Conv("c", 1, 0));
        Fails("[4, 0]", "positive", () => Network(4, 0));
        Fails("[]", "positive", () => Network());
        Fails("2147483647", "values", () => Network(1 << 20, 1 << 20));
        Fails("'empty'", "no layer", () => Network(4).Build("empty"));
    }

    static GraphBuilder Network(params int[] sampleShape) => new(sampleShape, Some.Key);

    static void Fails(string place, string problem, Func<object> build)
    {
        string message = Assert.ThrowsAny<ArgumentException>(build).Message;
        Assert.Contains(place, message, StringComparison.Ordinal);
        Assert.Contains(problem, message, StringComparison.Ordinal);
    }
}
