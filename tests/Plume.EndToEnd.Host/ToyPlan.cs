using Plume.Compression.Codecs;
using System.Globalization;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Capacities;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;
using Plume.Federation.Privacy;
using Plume.Federation.Privacy.Clipping;
using Plume.Federation.Privacy.Matrix;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.Selection;
using Plume.Server.Federations.Definitions;

namespace Plume.EndToEnd.Host;

/// <summary>
/// A small federation whose every bit follows from these numbers: each round's participants are fixed, so that the same updates
/// count however long somebody is away.
/// </summary>
sealed record ToyPlan(int Clients, int Rounds, int Participants, int Values)
{
    public const string Federation = "toy";
    const int Columns = 100;

    /// <summary>The matrix, named as a factor of an adapter, so that there is one.</summary>
    public static string Weight { get; } = AdapterNames.B("dense.weight");
    const ulong Seed = 20_260_101;

    public string Training { get; init; } = "averaging";

    public string Uplink { get; init; } = "feedback | topk(5%) | uniform(4) | rans";

    public string Downlink { get; init; } = "delta | uniform(6) | rans";

    /// <summary>The rule against hostile clients.</summary>
    public string Rule { get; init; } = RobustNotation.Mean;

    /// <summary>Updates that a round needs; all of them unless it says fewer.</summary>
    public int Quorum { get => field == 0 ? Participants : field; init; }

    /// <summary>A round's deadline.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Whether rounds wait for their clients; where not, nobody fixes who takes part, and bits follow the arrivals.
    /// </summary>
    public string Rhythm { get; init; } = Buffered.Synchronous;

    /// <summary>
    /// Whom rounds draw; where it is not uniform, nobody fixes who takes part, and it follows from who answered.
    /// </summary>
    public string Selection { get; init; } = CheapSelection.Uniform;

    /// <summary>Noise that clients add to secure sums, and a server to others; 0 for none.</summary>
    public double Noise { get; init; }

    /// <summary>How the server's noise is correlated between rounds; then nobody takes part twice before all have.</summary>
    public string Mechanism { get; init; } = MatrixMechanism.Independent;

    /// <summary>How the clip goes from round to round.</summary>
    public string Clip { get; init; } = AdaptiveClip.Fixed;

    /// <summary>As <see cref="ToyPlan.Read"/> reads it.</summary>
    public IEnumerable<string> ToArguments() =>
    [
        "--clients", Clients.ToString(CultureInfo.InvariantCulture),
        "--rounds", Rounds.ToString(CultureInfo.InvariantCulture),
        "--participants", Participants.ToString(CultureInfo.InvariantCulture),
        "--values", Values.ToString(CultureInfo.InvariantCulture),
        "--training", Training,
        "--uplink", Uplink,
        "--downlink", Downlink,
        "--rule", Rule,
        "--rhythm", Rhythm,
        "--selection", Selection,
        "--quorum", Quorum.ToString(CultureInfo.InvariantCulture),
        "--deadline", ((int)Deadline.TotalMilliseconds).ToString(CultureInfo.InvariantCulture),
        "--noise", Noise.ToString(CultureInfo.InvariantCulture),
        "--mechanism", Mechanism,
        "--clip", Clip,
    ];

    public static ToyPlan Read(Arguments arguments) =>
        new(arguments.Number("clients"), arguments.Number("rounds"), arguments.Number("participants"), arguments.Number("values"))
        {
            Training = arguments["training"],
            Uplink = arguments["uplink"],
            Downlink = arguments["downlink"],
            Rule = arguments["rule"],
            Rhythm = arguments["rhythm"],
            Selection = arguments["selection"],
            Quorum = arguments.Number("quorum"),
            Deadline = arguments.Milliseconds("deadline"),
            Noise = double.Parse(arguments["noise"], CultureInfo.InvariantCulture),
            Mechanism = arguments["mechanism"],
            Clip = arguments["clip"],
        };

    /// <summary>The round's clients, in ascending order: as many after one another, a place further each round.</summary>
    public int[] ParticipantsOf(int round) =>
        [.. Enumerable.Range(0, Participants)
            .Select(place => (round * (Mechanism == MatrixMechanism.Independent ? 1 : Participants) + place) % Clients).Order()];

    public static ModelLayout LayoutOf(int values) => ModelLayout.Of(
    [
        (Weight, [values / Columns, Columns - 1], TensorRole.Weight),
        ("dense.bias", [values / Columns], TensorRole.Bias),
    ]);

    // The first rows.
    static CapacityModel Narrow(ModelLayout layout, Capacity capacity)
    {
        int[] rows = [.. Enumerable.Range(0, capacity.Of(layout["dense.bias"].Length))];
        var slice = LayoutSlice.Of(layout, layout.Tensors.Select(tensor => (tensor.Name, 0, (IReadOnlyList<int>)rows)));
        return new CapacityModel(slice.Part, _ => slice);
    }

    public FederationDefinition ToDefinition()
    {
        var layout = LayoutOf(Values);
        var key = RandomKey.FromSeed(Seed).Fold("initial");
        var buffered = Buffered.Parse(Rhythm);
        var selection = CheapSelection.Parse(Selection);
        var method = MethodNotation.Parse(Training).Of(() => new ToyChannels(layout));
        var plan = new FederationPlan(Clients, Rounds, Participants, new LocalObjective(1, 8, 0.1),
            Codec.Parse(Uplink), Codec.Parse(Downlink))
        {
            Method = method,
            Rule = RobustNotation.Parse(Rule),
            Smaller = [.. method.Capacities.Skip(1).Select(capacity => Narrow(layout, capacity))],
            Buffered = buffered,
            Selection = selection,
            Fixed = buffered is null && selection is null ? [.. Enumerable.Range(1, Rounds).Select(ParticipantsOf)] : null,
            Quorum = buffered?.Updates ?? Quorum,
            Deadline = Deadline,
            // Some have more, and count as this.
            SampleCap = Noise > 0 ? null : ToyLearner.SamplesOf(Clients / 2),
            Privacy = Noise > 0 ? new DifferentialPrivacy(Noise, Delta: 1e-5, Epsilon: 1000)
            {
                Matrix = MatrixMechanism.Parse(Mechanism),
                Clip = AdaptiveClip.Parse(Clip),
            } : null,
            StartWith = Clients,
        };
        return new FederationDefinition(Federation, plan, Seed, layout,
            () => [.. Enumerable.Range(0, layout.Length).Select(place => key.Uniform((ulong)place) - 0.5f)])
        {
            Away = TimeSpan.FromHours(1),
            Root = plan.Rule is FlTrust ? new ToyLearner(layout, TimeSpan.Zero) : null,
            Student = plan.Method is Predictions { Public: { } set } ? new ToyPredictor(set) : null,
        };
    }
}
