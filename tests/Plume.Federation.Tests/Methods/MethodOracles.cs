namespace Plume.Federation.Tests.Methods;

// Values worked out with 40 digits from the papers' formulas, on the losses of Quadratics.
public class MethodOracles
{
    [Fact]
    public void Averaging_ends_beside_the_optimum_where_clients_differ()
    {
        float[][] rounds = [.. new Quadratics("averaging").Run(200)];
        Equal([-0.225, -0.356625, -0.433625625], rounds[..3].Select(round => round[0]));
        Equal([-0.542168675], [rounds[^1][0]]);
    }

    [Fact]
    public void Scaffold_ends_at_the_optimum()
    {
        float[][] rounds = [.. new Quadratics("scaffold").Run(200)];
        Equal([-0.225, -0.38775, -0.4830525], rounds[..3].Select(round => round[0]));
        Equal([1.125, 0.81375, 0.4765125], rounds[..3].Select(round => round[1]));
        Equal([-0.6, 0], [rounds[^1][0], rounds[^1][1]]);
    }

    [Fact]
    public void FedDyn_ends_at_the_optimum_where_clients_minimize_exactly()
    {
        float[] rounds = [.. new Quadratics("feddyn(0.5)", Quadratics.Exact).Run(200).Select(round => round[0])];
        Equal([-0.222222222, -0.333333333, -0.403292181], rounds[..3]);
        Equal([-0.6], [rounds[^1]]);
    }

    static void Equal(double[] expected, IEnumerable<float> values) => Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
}
