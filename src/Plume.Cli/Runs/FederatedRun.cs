using Plume.Cli.Setup.Sources;
using Plume.Compression.Files;
using Plume.Compression.Wire;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Privacy;
using Plume.Federation.Rounds;
using Plume.Learning;
using Plume.Learning.Distill;
using Plume.Learning.Training;
using Plume.Simulation;

namespace Plume.Cli.Runs;

/// <summary>One federation and its files: a simulation that logs each round and can be kept and resumed.</summary>
sealed class FederatedRun : IDisposable
{
    readonly ILearner learner;
    readonly GraphEvaluator evaluator;
    readonly PublicStudent? student;
    readonly GraphLearner? root;
    readonly MetricsLog log;
    readonly string checkpoint;
    readonly DifferentialPrivacy? privacy;
    readonly FederationPlan plan;

    /// <summary>Prepares a run; where there is a checkpoint, it goes on from it.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="inputs">What it learns from and with.</param>
    /// <param name="metrics">The file of the metrics.</param>
    /// <param name="checkpoint">The file of the checkpoint.</param>
    /// <param name="observer">Is shown the updates that are taken in.</param>
    /// <exception cref="InvalidPayloadException">The checkpoint is damaged or of other settings.</exception>
    public FederatedRun(SimulationOptions options, Inputs inputs, string metrics, string checkpoint,
        UpdateObserver? observer = null)
    {
        this.checkpoint = checkpoint;
        bool isTaught = options.Plan.Method.KeepsModel;
        learner = isTaught ? inputs.Predictions!.Learner(inputs.Graph, inputs.Train, inputs.Allotment.Clients)
            : options.Plan.Smaller.Count > 0
            ? new CapacityLearner([.. inputs.Narrower.Prepend(inputs.Graph)
                .Select(graph => inputs.Teachers.Learner(graph, inputs.Train, inputs.Allotment.Clients))],
                options.Plan.Method.CapacityOf)
            : inputs.Teachers.Learner(inputs.Graph, inputs.Train, inputs.Allotment.Clients);
        student = isTaught ? inputs.Predictions!.Student(inputs.Graph, options.Threads) : null;
        root = inputs.Root?.Learner(inputs.Graph, inputs.Train, inputs.Teachers);
        evaluator = new GraphEvaluator(inputs.Graph, inputs.Test, options.Threads);
        (plan, privacy) = (options.Plan, options.Plan.Privacy);
        Simulation = new Simulation.Simulation(options with { Student = student, Root = root }, learner, evaluator,
            inputs.Graph.ToWeights().Values, TimeProvider.System, observer);
        if (File.Exists(checkpoint))
            Resume();
        log = new MetricsLog(metrics, Simulation.Metrics.Count);
    }

    public Simulation.Simulation Simulation { get; }

    /// <summary>The rounds so far, those before a resume included.</summary>
    public IReadOnlyList<RoundLine> Rounds => log.Rounds;

    /// <summary>What the run has given away; null where it promises no privacy.</summary>
    public PrivacySpent? Privacy => privacy is null ? null
        : new PrivacySpent(privacy.Spent(Simulation.MostParticipations), privacy.Epsilon, privacy.Delta,
            Simulation.MostParticipations,
            $"{privacy.Sentence(Simulation.MostParticipations)}{(Simulation.WhyEnded is { } why ? $" {why}" : "")}");

    /// <summary>What the run has spent of its budget of bytes; null where it has none.</summary>
    public BudgetReport? Budget => BudgetReport.Of(plan, Simulation.Spending,
        Simulation.Metrics.Select(round => round.Budget).OfType<BudgetFigures>(), Simulation.WhyEnded);

    /// <summary>What the run would have cost by other codecs, and how good their models are; null where there are none.</summary>
    public IReadOnlyList<ShadowFigures>? Shadows() => Simulation.Shadows.Count == 0 ? null
        : [.. Simulation.Shadows.Select(shadow => ShadowFigures.OfRun(shadow,
            evaluator.Evaluate(shadow.Published, CancellationToken.None).Accuracy))];

    /// <summary>Runs one round and logs it; null when there is none left.</summary>
    /// <exception cref="DivergedException">The loss is no longer finite.</exception>
    /// <exception cref="QuorumException">The round did not get the updates that it needs.</exception>
    public RoundLine? Next()
    {
        if (Simulation.NextRound() is not { } round)
            return null;
        if (round.Loss is { } loss && !double.IsFinite(loss))
            throw new DivergedException(
                $"The loss after round {round.Round} is {loss}: the federation diverged. Lower client.learningRate or "
                    + $"server.learningRate.");
        var line = new RoundLine(round.Round, round.Accuracy, round.Loss, round.UplinkBytes, round.DownlinkBytes, round.Seconds,
            round.Accepted, round.Norm, round.Bounded, round.Refused)
        {
            MacroF1 = round.MacroF1,
            ClientSeconds = round.ClientSeconds,
            SecondsByCapacity = round.SecondsByCapacity,
            LinkSeconds = round.LinkSeconds,
            Staleness = round.Staleness,
            MostStale = round.MostStale,
            Epsilon = round.Epsilon,
            NextClip = round.NextClip,
            Spread = round.Spread,
            Budget = round.Budget,
            Shadows = Simulation.Shadows.Count == 0 ? null : [.. Simulation.Shadows.Select(ShadowFigures.OfRound)],
        };
        log.Append(line);
        return line;
    }

    void Resume()
    {
        try
        {
            Simulation.Resume(File.ReadAllBytes(checkpoint));
        }
        catch (InvalidPayloadException damage)
        {
            throw new InvalidPayloadException($"'{checkpoint}' cannot be gone on from. {damage.Message}", damage);
        }
    }

    /// <summary>Keeps the run as it stands, to be resumed.</summary>
    public void Save() => AtomicFile.Write(checkpoint, Simulation.Save());

    /// <summary>Removes what only a resume needs.</summary>
    public void Close() => File.Delete(checkpoint);

    public void Dispose()
    {
        log.Dispose();
        Simulation.Dispose();
        (learner as IDisposable)?.Dispose();
        student?.Dispose();
        root?.Dispose();
        evaluator.Dispose();
    }
}
