using Plume.Cli.Report;
using Plume.Cli.Runs;

namespace Plume.Cli.Tests;

/// <summary>Runs as they could have been.</summary>
static class Some
{
    public static Track Track(string name, int rounds, double best, long uplink, long downlink, string up, string down) =>
        new(name,
        [.. Enumerable.Range(1, rounds)
            .Select(round => new RoundLine(round, best - 0.6 * Math.Exp(-round / 4.0), 2 * Math.Exp(-round / 5.0), uplink,
                downlink, 0.2, 10, 1, [], []))], up, down);

    public static RunReport Report(bool baseline = true) => new(
        "digits",
        "20 clients, 10 a round, 15 rounds, mlp with 2,410 parameters, digits dealt by dirichlet(1)",
        Track("compressed", 15, 0.93, 9_000, 21_000, "feedback | topk(10%) | uniform(4) | rans",
            "delta | topk(10%) | uniform(4) | rans"),
        baseline ? Track("fp32", 15, 0.935, 964_000, 964_000, "pack", "pack") : null,
        [
            new TensorBits("dense1.weight", "[32, 64]", "Weight", 2048, 0.71, 0.83),
            new TensorBits("dense1.bias", "[32]", "Bias", 32, 16, 32),
            new TensorBits("dense2.weight", "[10, 32]", "Weight", 320, 0.9, 0.95),
        ],
        [("seed", "1"), ("client.learningRate", "0.1"), ("name", "<b>&\"digits\"")],
        [("Plume", "0.1.0"), (".NET", "10.0.12")]);
}
