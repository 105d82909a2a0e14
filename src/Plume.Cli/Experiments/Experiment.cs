using Plume.Cli.Errors;
using Plume.Cli.Experiments.Keys;
using Plume.Compression.Codecs;
using Plume.Compression.Randomness;
using Plume.Federation.Budgets;
using Plume.Federation.Learners;
using Plume.Federation.Notation;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.Selection;
using Plume.Federation.ServerOptimizers;
using Plume.Learning.Shipping;
using Plume.Simulation;

namespace Plume.Cli.Experiments;

/// <summary>A federated experiment: what its settings say, each as what it is.</summary>
/// <remarks>Keys by their texts are here, in the description of the file, and where a message names the key to mend.</remarks>
sealed class Experiment(Settings settings)
{
    public string Name => settings.Get<string>("name");

    public ulong Seed => (ulong)settings.Get<long>("seed");

    /// <summary>Where every random draw comes from.</summary>
    public RandomKey Key => RandomKey.FromSeed(Seed);

    public int Rounds => settings.Int32("rounds");

    /// <summary>Clients that the partition makes; null where none are written, as for one that brings its own.</summary>
    public int? Clients => settings.Has("clients") ? settings.Int32("clients") : null;

    public Amount Participants => settings.Get<Amount>("participants");

    /// <summary>Further clients invited to a round, as a share of the participants.</summary>
    public double OverSelection => settings.Get<double>("overSelect");

    /// <summary>Whom rounds draw; null where draws are uniform.</summary>
    public CheapSelection? Selection => settings.Get<object>("selection") as CheapSelection;

    public Amount Quorum => settings.Get<Amount>("quorum");

    public double DropOut => settings.Get<double>("dropout");

    public TrainingLine Training => settings.Get<TrainingLine>("training");

    public ExchangeLine Exchange => settings.Get<ExchangeLine>("exchange");

    public Codec Uplink => settings.Get<Codec>("uplink");

    public Codec Downlink => settings.Get<Codec>("downlink");

    /// <summary>What becomes of the last model before it ships; null where it ships as it is.</summary>
    public ShipsLine? Ships => settings.Get<ShipsLine?>("ships");

    /// <summary>The bytes that the federation may cost; null where nothing bounds them.</summary>
    public ByteBudget? Budget => settings.Get<ByteBudget?>("budget");

    public Links? Links => settings.Get<Links?>("links");

    /// <summary>Whether the same federation is also run by plain averaging of floats.</summary>
    public bool HasBaseline => settings.Get<bool>("baseline");

    public int EvaluateEvery => settings.Int32("evaluateEvery");

    public DataSettings Data { get; } = new(settings);

    public ModelSettings Model { get; } = new(settings);

    /// <summary>Every file that a key names for itself, by that key.</summary>
    public IEnumerable<(string Key, string Path)> Files =>
        new[] { ("data.file", Data.File), ("data.columns", Data.Columns), ("model.file", Model.File), ("model.weights", Model.Weights) }
            .Where(entry => entry.Item2 is not null)!;

    /// <summary>What clients minimize.</summary>
    public LocalObjective Objective => new(
        settings.Int32("client.epochs"),
        settings.Int32("client.batchSize"),
        settings.Get<double>("client.learningRate"),
        settings.Get<string>("client.optimizer") == "adam" ? LocalOptimizer.Adam : LocalOptimizer.Sgd,
        settings.Get<double>("client.momentum"),
        settings.Get<double>("client.weightDecay"),
        settings.Get<double>("client.proximal"))
    {
        BalancesClasses = settings.Get<string>("client.classWeights") == "balanced",
    };

    /// <summary>What its models are measured by, as a word: accuracy, or R2 where they predict a number.</summary>
    public string Measure => Data.Target is null ? "accuracy" : "R2";

    public RateSchedule Schedule => settings.Get<RateSchedule>("client.schedule");

    public ServerOptimizer Optimizer
    {
        get
        {
            double rate = settings.Get<double>("server.learningRate"), tau = settings.Get<double>("server.tau"),
                beta1 = settings.Get<double>("server.beta1"), beta2 = settings.Get<double>("server.beta2");
            return settings.Get<string>("server.optimizer") switch
            {
                "fedavg" => new FedAvg(rate),
                "fedavgm" => new FedAvgM(rate, settings.Get<double>("server.momentum")),
                "fedadam" => new FedAdam(rate, beta1, beta2, tau),
                "fedyogi" => new FedYogi(rate, beta1, beta2, tau),
                var other => throw new InvalidOperationException($"There is no server optimizer '{other}'."),
            };
        }
    }

    /// <summary>How large updates may be; null lets them have any size.</summary>
    public NormBound? NormBound => settings.Get<double>("server.norm") is var factor and > 0 ? new NormBound(factor) : null;

    /// <summary>How rounds go where nobody waits for the slowest; null where a round waits for whom it asked.</summary>
    public Buffered? Buffered => settings.Get<object>("rhythm") as Buffered;

    /// <summary>The rule against hostile clients; null for the mean.</summary>
    public RobustRule? Rule => settings.Get<object>("server.rule") as RobustRule;

    /// <summary>What plume plan expected of the lines; null where they were not planned.</summary>
    public PlannedFigures? Planned => settings.Has("planned.accuracy") && settings.Has("planned.uplinkBytes")
        && settings.Has("planned.downlinkBytes")
        ? new PlannedFigures(settings.Get<double>("planned.accuracy"), settings.Get<long>("planned.uplinkBytes"),
            settings.Get<long>("planned.downlinkBytes")) : null;

    public PrivacySettings Privacy { get; } = new(settings);

    /// <summary>Something is wrong with what a key says.</summary>
    /// <param name="key">The key, by its dotted path.</param>
    /// <param name="message">What is wrong, and what would be right.</param>
    public Problem Problem(string key, string message) => new(settings.PlaceOf(key), message);

    /// <summary>What a key names is not there.</summary>
    /// <param name="key">The key, by its dotted path.</param>
    /// <param name="message">What is missing, and what to do.</param>
    public Problem Missing(string key, string message) => new(settings.PlaceOf(key), message, IsMissing: true);

    /// <summary>That one thing is wrong.</summary>
    /// <param name="key">The key that says it, by its dotted path.</param>
    /// <param name="message">What is wrong, and what would be right.</param>
    public ExperimentException Wrong(string key, string message) => new([Problem(key, message)]);

    /// <summary>All values as the bytes of a run's experiment file.</summary>
    public byte[] ToBytes() => settings.ToBytes();

    /// <summary>Every key that has a value, by its dotted path, with the value as text.</summary>
    public IEnumerable<(string Key, string Value)> Written() => settings.Written();
}
