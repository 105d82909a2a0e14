using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Randomness;
using Plume.Federation.Books;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Learning;
using Plume.Learning.Data;
using Plume.Simulation;
using Plume.Simulation.Attacks;

namespace Plume.Cli.Attacks;

/// <summary>Runs an experiment under attacks, each against each rule.</summary>
sealed class AttackTrials
{
    readonly Inputs inputs;
    readonly SimulationOptions options;
    readonly LabeledSet flipped;
    readonly RandomKey key;

    /// <param name="experiment">The experiment.</param>
    /// <param name="share">Share of the clients that are hostile.</param>
    /// <param name="threads">Clients that train side by side.</param>
    /// <exception cref="ExperimentException">Its settings do not fit one another.</exception>
    /// <exception cref="CliException">No client would be hostile, or all of a majority, or messages are no plain
    /// updates.</exception>
    public AttackTrials(Experiment experiment, Hostile share, int threads)
    {
        (inputs, key) = (Inputs.Load(experiment), experiment.Key);
        options = Federations.Compressed(experiment, inputs, threads) with { EvaluateEvery = experiment.Rounds };
        if (!options.Plan.Method.TakesRules)
            throw new CliException(ExitCode.Usage,
                $"plume attack compares rules for updates, and by '{options.Plan.Method}' messages are more than that. Give it "
                    + $"an experiment that trains by averaging.");
        int count = share.Of(options.Plan.Clients);
        if (count < 1 || 2 * count >= options.Plan.Clients)
            throw new CliException(ExitCode.Usage,
                $"--clients must make hostile at least one client and less than half of them, but {share} of "
                    + $"{options.Plan.Clients} are {count}.");
        Hostile = [.. Drawn(options).Take(count).Order()];
        flipped = Flipped(inputs.Train);
    }

    /// <summary>The hostile clients.</summary>
    public IReadOnlyList<int> Hostile { get; }

    /// <summary>The rules of the experiment's plan.</summary>
    public FederationPlan Plan => options.Plan;

    /// <summary>Why a rule cannot be compared; null where it can.</summary>
    public string? Misfit(Defence defence)
    {
        if (defence.In(options.Plan).RuleMisfit is { } misfit)
            return misfit;
        try
        {
            inputs.Trusting(defence.Rule, key);
            return null;
        }
        catch (ArgumentException rootless)
        {
            return rootless.Message;
        }
    }

    /// <summary>The accuracy at the end.</summary>
    /// <param name="defence">The rule.</param>
    /// <param name="attack">The attack; null where all are honest.</param>
    /// <param name="stop">Gives up after a round.</param>
    /// <returns>NaN where the model is no longer finite; null where it was stopped.</returns>
    public double? Run(Defence defence, Attack? attack, CancellationToken stop)
    {
        var given = inputs.Trusting(defence.Rule, key);
        using var learner = inputs.Teachers.Learner(inputs.Graph, inputs.Train, given.Allotment.Clients);
        using var misled = attack is { FlipsLabels: true } ? new GraphLearner(inputs.Graph, flipped, given.Allotment.Clients)
            : null;
        using var root = given.Root?.Learner(inputs.Graph, inputs.Train, inputs.Teachers);
        using var evaluator = new GraphEvaluator(inputs.Graph, inputs.Test, options.Threads);
        var attacked = attack is null ? null : new AttackedLearner(learner, attack, Hostile, misled);
        var plan = defence.In(options.Plan);
        var run = options with
        {
            Plan = plan with { Rule = given.Root?.Rule ?? plan.Rule },
            Root = root,
            WorksLast = attacked is null ? null : attacked.IsHostile,
        };
        using var simulation = new Simulation.Simulation(run, attacked
            ?? (Federation.Learners.ILearner)learner, evaluator, inputs.Graph.ToWeights().Values, TimeProvider.System);
        RoundMetrics? last = null;
        while (simulation.NextRound() is { } round)
        {
            last = round;
            if (stop.IsCancellationRequested)
                return null;
        }

        return last!.Loss is { } loss && !double.IsFinite(loss) ? double.NaN : last.Accuracy;
    }

    // In an order that the seed decides, so that a smaller share is a part of a larger one.
    static int[] Drawn(SimulationOptions options)
    {
        int[] order = [.. Enumerable.Range(0, options.Plan.Clients)];
        new RandomDraws(RandomKey.FromSeed(options.Seed).Fold("hostile")).Shuffle<int>(order);
        return order;
    }

    static LabeledSet Flipped(LabeledSet set) =>
        new(set.Name, set.Features, set.SampleShape, [.. set.Labels.Select(label => set.Classes - 1 - label)], set.Classes)
        {
            Targets = set.Targets is null ? null : [.. set.Targets.Select(target => -target)],
            Clients = set.Clients,
            Schema = set.Schema,
        };
}
