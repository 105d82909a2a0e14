using System.Text.Json;
using Plume.Federation.Privacy;

namespace Plume.Cli.Tests.Commands;

public class PrivacyTests
{
    const string Budget = """ "privacy": { "noise": 2, "delta": 1e-5, "epsilon": 5, "unit": "client" } """;

    [Fact]
    public void What_is_known_of_noise_rounds_and_epsilon_says_the_rest()
    {
        var rows = Rows("--noise", "1", "--rounds", "3", "--epsilon", "8");
        Assert.Equal([("this noise, a client in each round", 1, 3, 8.3855),
            ("this noise, until epsilon 8 is spent", 1, 2, 6.573)], rows[..2], (one, other) => one.Meaning == other.Meaning
                && one.Rounds == other.Rounds && Math.Abs(one.Epsilon - other.Epsilon) < 2e-4);
        Assert.InRange(rows[2].Epsilon, 7.99, 8);
        // The same noise over more clients is worth more where they are drawn in secret.
        string[] plan = ["--noise", "2", "--rounds", "50", "--clients", "1000", "--participants", "10", "--sampling"];
        Assert.True(Rows([.. plan, "poisson"])[0].Epsilon < Rows([.. plan, "fixed"])[0].Epsilon);
        Assert.True(Rows([.. plan, "fixed"])[0].Epsilon < Rows([.. plan, "none"])[1].Epsilon);
    }

    [Fact]
    public void A_plan_is_told_with_its_promise_and_with_what_it_means_for_its_clients()
    {
        using var folder = new Folder();
        File.WriteAllText(folder["e.json"], $$"""{ "rounds": 20, "clients": 20, "participants": 10, "data": { "set": "digits" }, "model": { "name": "logistic" }, "uplink": "clip(1) | pack", {{Budget}} }""");
        var run = InProcess.Run("privacy", folder["e.json"]);
        Assert.Equal(0, run.Code);
        Assert.Contains("The models are (5, 1e-5)-differentially private for any one client, whether its updates are in the "
            + "sums or zeros stand in their place.", run.Output);
        Assert.Contains("A client that has taken part in 5 rounds is asked no more. The 20 clients have enough for 10 of the "
            + "20 rounds at most; then the run stops.", run.Output);
        Assert.Equal(0, InProcess.Run("privacy", folder["e.json"], "--noise", "8", "--json").Code);
    }

    [Fact]
    public void A_plan_whose_clients_add_the_noise_is_told_with_what_that_costs_and_who_adds_it()
    {
        using var folder = new Folder();
        File.WriteAllText(folder["e.json"], $$"""{ "rounds": 2, "clients": 20, "participants": 10, "data": { "set": "digits" }, "model": { "name": "logistic" }, "uplink": "clip(1) | rotate | uniform(8, shared) | secure", {{Budget}} }""");
        var run = InProcess.Run("privacy", folder["e.json"]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("Each client adds its share of the noise to its own numbers before they are masked", run.Output);
        // As one round of Gaussian noise, but for the fifth digit.
        Assert.Contains("1.99", InProcess.Run("privacy", folder["e.json"], "--rounds", "1").Output);
        Assert.Contains("--sampling poisson is for noise that a server adds",
            InProcess.Run("privacy", folder["e.json"], "--sampling", "poisson").Error);
        var simulated = Program.Run("simulate", folder["e.json"], "--no-baseline", "--out", folder["run"]);
        Assert.True(simulated.Code == 0, simulated.Error);
        var privacy = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["run"], "result.json"))).RootElement
            .GetProperty("privacy");
        Assert.Contains("Each client adds its share of the noise", privacy.GetProperty("sentence").GetString());
        Assert.InRange(privacy.GetProperty("epsilon").GetDouble(), 1.99, 3.1);
    }

    [Fact]
    public void A_plan_whose_noise_is_correlated_is_told_with_what_separation_buys_and_runs()
    {
        using var folder = new Folder();
        File.WriteAllText(folder["e.json"], """{ "rounds": 6, "clients": 20, "participants": 5, "quorum": 3, "data": { "set": "digits" }, "model": { "name": "logistic" }, "uplink": "clip(1) | pack", "privacy": { "noise": 2, "delta": 1e-5, "epsilon": 5, "mechanism": "matrix(4)" } }""");
        var run = InProcess.Run("privacy", folder["e.json"]);
        Assert.True(run.Code == 0, run.Error);
        // Two participations of noise 2, as of noise that is drawn anew; in six rounds more than two are not four apart.
        Assert.Contains("this noise, a client every 4 rounds", run.Output);
        Assert.Equal(new NoSampling().Epsilon(2, 2, 1e-5), Rows(folder["e.json"])[0].Epsilon, 1e-4);
        Assert.Contains("After 6 rounds the model has 1.73 times the noise of one round; of noise that is drawn anew each "
            + "round it would have 2.45 times as much.", run.Output);
        Assert.Contains("In 6 rounds none is in more that are 4 apart, so the budget ends no run.", run.Output);
        Assert.Equal(Rows("--noise", "2", "--rounds", "2")[0].Epsilon,
            Rows("--noise", "2", "--rounds", "6", "--mechanism", "matrix(4)")[0].Epsilon);
        Assert.Contains("leave the mechanism out",
            InProcess.Run("privacy", folder["e.json"], "--set", "uplink=clip(1) | rotate | uniform(8, shared) | secure").Error);
        var simulated = Program.Run("simulate", folder["e.json"], "--no-baseline", "--out", folder["run"]);
        Assert.True(simulated.Code == 0, simulated.Error);
        var privacy = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["run"], "result.json"))).RootElement
            .GetProperty("privacy");
        Assert.Contains("Noise of a round is correlated with that of the 3 before "
            + "it", privacy.GetProperty("sentence").GetString());
        Assert.InRange(privacy.GetProperty("participations").GetInt32(), 1, 2);
    }

    static (string Meaning, double Noise, int Rounds, double Epsilon)[] Rows(params string[] arguments)
    {
        var run = InProcess.Run(["privacy", .. arguments, "--json"]);
        Assert.True(run.Code == 0, run.Error);
        return [.. JsonDocument.Parse(run.Output).RootElement.GetProperty("rows").EnumerateArray().Select(row =>
            (row.GetProperty("meaning").GetString()!, row.GetProperty("noise").GetDouble(), row.GetProperty("rounds").GetInt32(),
                row.GetProperty("epsilon").GetDouble()))];
    }
}
