using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Randomness;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Learning;
using Plume.Learning.Partition;
using Plume.Simulation;

namespace Plume.Cli.Leaks;

/// <summary>Runs an experiment by one line after another, and reads along.</summary>
sealed class LeakTrials : IDisposable
{
    readonly Inputs inputs;
    readonly SimulationOptions options;
    readonly Lazy<Teachers> teachers;
    readonly Lazy<LeakAttacks> attacks;
    readonly RandomKey key;

    /// <param name="experiment">The experiment.</param>
    /// <param name="rounds">As <see cref="LeakQuestion.Read"/> takes it.</param>
    /// <param name="clients">The same.</param>
    /// <param name="samples">The same.</param>
    /// <param name="threads">Clients that train side by side.</param>
    /// <exception cref="ExperimentException">Its settings do not fit one another.</exception>
    /// <exception cref="CliException">No update travels that could be read, or what is asked for is not within it.</exception>
    public LeakTrials(Experiment experiment, string? rounds, int? clients, int? samples, int threads)
    {
        var loaded = Inputs.Load(experiment);
        options = Federations.Compressed(experiment, loaded, threads) with { EvaluateEvery = experiment.Rounds };
        if (SimulationOptions.ReaderMisfit(options.Plan) is { } misfit)
            throw new CliException(ExitCode.Usage, misfit);
        Question = LeakQuestion.Read(rounds, clients, samples, options.Plan);
        key = experiment.Key.Fold("leak");
        inputs = Question.Samples is { } few ? loaded with { Allotment = Cut(loaded.Allotment, few) } : loaded;
        // What takes time waits until all that was asked for fits.
        teachers = new(() => inputs.WithTeachers(experiment, threads).Teachers);
        attacks = new(() => new LeakAttacks(inputs.Graph, inputs.Train, inputs.Test, inputs.Allotment, threads, key));
    }

    /// <summary>What is asked.</summary>
    public LeakQuestion Question { get; }

    /// <summary>The rules of the experiment's plan.</summary>
    public FederationPlan Plan => options.Plan;

    /// <summary>The attacks on the experiment's model.</summary>
    public LeakAttacks Attacks => attacks.Value;

    /// <summary>Why a line cannot be run in the experiment; null where it can.</summary>
    public string? Misfit(LeakLine line)
    {
        var plan = PlanOf(line);
        return plan.UplinkMisfit ?? SecureUplink.Problems(plan).FirstOrDefault() ?? plan.Problems().FirstOrDefault()
            ?? SecureRound.Misfit(plan, inputs.Graph.Weights);
    }

    /// <summary>What a line's readers recover.</summary>
    /// <param name="line">A line that fits.</param>
    /// <param name="stop">Gives up after a round.</param>
    /// <returns>A row for each reader; null where it was stopped.</returns>
    /// <exception cref="CliException">The run ended before the last of the rounds.</exception>
    public IReadOnlyList<LeakRow>? Run(LeakLine line, CancellationToken stop)
    {
        var updates = new SortedDictionary<int, float[]>();
        using var root = inputs.Root?.Learner(inputs.Graph, inputs.Train, teachers.Value);
        var run = options with
        {
            Plan = PlanOf(line),
            Root = root,
            Reader = (_, clients, update) =>
            {
                foreach (int client in clients)
                    updates[client] = update;
            },
        };
        using var learner = teachers.Value.Learner(inputs.Graph, inputs.Train, inputs.Allotment.Clients);
        using var evaluator = new GraphEvaluator(inputs.Graph, inputs.Test, options.Threads);
        using var simulation = new Simulation.Simulation(run, learner, evaluator, inputs.Graph.ToWeights().Values,
            TimeProvider.System);
        var views = line.Readers.Select(reader => new LeakView(line, reader)).ToArray();
        for (int round = 1; round <= Question.Rounds[^1]; round++)
        {
            updates.Clear();
            float[] before = simulation.Published.ToArray();
            if (simulation.NextRound() is not { } figures)
                throw new CliException(ExitCode.Run, $"The federation with uplink '{line.Name}' ended before round "
                    + $"{Question.Rounds[^1]}, the last of --rounds. {simulation.WhyEnded}".TrimEnd());
            if (stop.IsCancellationRequested)
                return null;
            if (!Question.Rounds.Contains(round))
                continue;
            float[] step = Difference(simulation.Published.Span, before);
            foreach (int client in Targets(round, updates.Keys))
                Attacks.Look(views, new LeakTarget(round, client, before, updates[client], step));
            foreach (var view in views)
                view.Count(figures.UplinkBytes, figures.Accepted, updates.Count);
        }

        return [.. views.Select(view => view.ToRow())];
    }

    FederationPlan PlanOf(LeakLine line) => line.In(options.Plan, inputs.Allotment.Clients.Max(samples => samples.Length));

    IEnumerable<int> Targets(int round, IEnumerable<int> contributors)
    {
        // In an order of all clients, so that lines whose rounds have other contributors have targets in common.
        int[] order = [.. Enumerable.Range(0, options.Plan.Clients)];
        new RandomDraws(key.Fold("targets").Fold((ulong)round)).Shuffle<int>(order);
        return order.Intersect(contributors).Take(Question.Clients).Order();
    }

    Allotment Cut(Allotment whole, int samples) => whole with
    {
        Clients = [.. whole.Clients.Select((own, client) =>
        {
            int[] order = [.. own];
            new RandomDraws(key.Fold("samples").Fold((ulong)client)).Shuffle<int>(order);
            return order[..Math.Min(samples, order.Length)];
        })],
    };

    static float[] Difference(ReadOnlySpan<float> after, float[] before)
    {
        var step = new float[before.Length];
        System.Numerics.Tensors.TensorPrimitives.Subtract(after, before, step);
        return step;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (attacks.IsValueCreated)
            attacks.Value.Dispose();
    }
}
