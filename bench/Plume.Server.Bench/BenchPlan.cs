using Plume.Compression.Codecs;
using System.Globalization;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Definitions;

namespace Plume.Server.Bench;

/// <summary>What is federated: a model of one matrix, from zeros.</summary>
sealed record BenchPlan(int Values, int Clients, int Rounds, int Participants, string Uplink, string Downlink)
{
    public const string Federation = "bench";
    const int Columns = 10;

    public ModelLayout Layout => ModelLayout.Of([("dense.weight", [Values / Columns, Columns], TensorRole.Weight)]);

    public FederationDefinition Definition => new(
        Federation,
        new FederationPlan(Clients, Rounds, Participants, new LocalObjective(1, 32, 0.1),
            Codec.Parse(Uplink), Codec.Parse(Downlink))
        {
            StartWith = Clients,
            Quorum = Participants,
            Deadline = TimeSpan.FromMinutes(10),
            Attempts = 10
        },
        Seed: 1,
        Layout,
        () => new float[Values / Columns * Columns]);

    /// <summary>As <see cref="Read"/> reads it.</summary>
    public string[] ToArguments() =>
        [.. new[] { Values, Clients, Rounds, Participants }.Select(number => number.ToString(CultureInfo.InvariantCulture)),
            Uplink, Downlink];

    public static BenchPlan Read(ReadOnlySpan<string> arguments) =>
        new(Number(arguments[0]), Number(arguments[1]), Number(arguments[2]), Number(arguments[3]), arguments[4], arguments[5]);

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
