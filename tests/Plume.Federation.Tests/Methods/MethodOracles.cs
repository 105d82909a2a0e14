using Plume.Federation.Learners;
using Plume.Federation.Methods.Corrections;

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
    public void Scallion_sends_one_vector_and_goes_where_Scaffold_goes()
    {
        float[][] rounds = [.. new Quadratics("scallion(1)").Run(200)];
        Equal([-0.225, -0.38775, -0.4830525], rounds[..3].Select(round => round[0]));
        Equal([1.125, 0.81375, 0.4765125], rounds[..3].Select(round => round[1]));
        Equal([-0.6, 0], [rounds[^1][0], rounds[^1][1]]);
        rounds = [.. new Quadratics("scallion(0.25)").Run(400)];
        Equal([-0.6, 0], [rounds[^1][0], rounds[^1][1]]);
    }

    [Fact]
    public void FedCm_moves_on_in_the_direction_of_the_last_round()
    {
        float[][] rounds = [.. new Quadratics("fedcm(0.5)").Run(200)];
        Equal([-0.13125, -0.294, -0.4342865625], rounds[..3].Select(round => round[0]));
        Equal([-0.13125, -0.16275, -0.1402865625], rounds[..3].Select(round => round[1]));
        Equal([-0.573770492, 0], [rounds[^1][0], rounds[^1][1]]);
        rounds = [.. new Quadratics("fedcm").Run(400)];
        Equal([-0.02925, -0.0830583, -0.15604811118], rounds[..3].Select(round => round[0]));
        Equal([-0.595116989], [rounds[^1][0]]);
    }

    [Fact]
    public void FedDyn_ends_at_the_optimum_where_clients_minimize_exactly()
    {
        float[] rounds = [.. new Quadratics("feddyn(0.5)", Quadratics.Exact).Run(200).Select(round => round[0])];
        Equal([-0.222222222, -0.333333333, -0.403292181], rounds[..3]);
        Equal([-0.6], [rounds[^1]]);
    }

    [Fact]
    public void FedNova_divides_by_steps_where_averaging_weighs_by_them()
    {
        Equal([-0.342], [new Quadratics("averaging", 1, 3).Run(1).Single()[0]]);
        float[] after = new Quadratics("fednova", 1, 3).Run(1).Single();
        Equal([-0.161333333], after);
        float[][] rounds = [.. new Quadratics("fednova", 2, 2).Run(200)];
        Equal([-0.225, -0.356625, -0.433625625], rounds[..3].Select(round => round[0]));
    }

    [Theory]
    [InlineData(0, 0, 5, 5)]
    [InlineData(0.9, 0, 5, 13.1441)]
    [InlineData(0, 1, 5, 4.0951)]
    public void Momentum_makes_steps_count_for_more_and_a_proximal_term_for_less(double momentum, double proximal, int steps,
        double counted) =>
        Assert.Equal(counted, FedNova.StepsOf(new LocalObjective(1, 1, 0.1, Momentum: momentum, Proximal: proximal), steps),
            1e-12);

    [Fact]
    public void FedExp_goes_further_where_updates_point_apart_and_never_less_far()
    {
        float[][] apart = [[1, 0, 0], [0, 1, 0], [0.2f, 0.1f, 0.4f]];
        double[] mean = [0.4, 1.1 / 3, 0.4 / 3];
        Equal([.. mean.Select(value => 1.175948918 * value)], new Given(apart).Run("fedexp(0.001)").Model);
        float[][] alike = [[1, 0.5f, 0], [1, 0.5f, 0], [1, 0.5f, 0]];
        Equal([1, 0.5, 0], new Given(alike).Run("fedexp").Model);
    }

    [Fact]
    public void What_stays_at_home_is_trained_there_and_does_not_travel()
    {
        var clients = new Given([[1, 1, 10], [3, 3, -20]], [("a", [1]), ("b", [1]), ("head", [1])]);
        var (model, own, _) = clients.Run("personal(head)", rounds: 2);
        Assert.Equal(2, clients.Plan("personal(head)").Answer(clients.Layout).Length);
        Equal([4, 4, 0], model);
        Equal([4, 4, 20], own[0]);
        Equal([4, 4, -40], own[1]);
    }

    [Theory]
    [InlineData("personal(normalization)", "finds no layer that could stay at home. The model has a, b, head")]
    [InlineData("personal(*)", "leaves no layer to train together")]
    public void A_pattern_of_no_tensor_or_of_all_is_refused(string training, string message) =>
        Assert.Contains(message,
            Assert.Throws<ArgumentException>(() => new Given([[1, 1, 1]], [("a", [1]), ("b", [1]), ("head", [1])])
                .Run(training)).Message, StringComparison.Ordinal);

    static void Equal(double[] expected, IEnumerable<float> values) =>
        Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
}
