using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Books;
using Plume.Learning;
using Plume.Learning.Training;
using Plume.Simulation;
using Plume.Simulation.Shadows;

namespace Plume.Cli.Planning;

/// <summary>
/// A short run of an experiment by floats, beside which every candidate encodes the same updates: bytes are those of payloads,
/// and accuracies those of the models that they make.
/// </summary>
/// <remarks>
/// Each line with feedback is there twice. Of the one bytes are taken; for the other two participants a round train from its
/// own model, and what they learn otherwise corrects all updates, so that its accuracy is near that of a run by the line.
/// Rounds that the probe does not run are expected to cost what the last third of its own do.
/// </remarks>
sealed class PlanProbe
{
    readonly Inputs inputs;
    readonly SimulationOptions options;

    /// <param name="experiment">The experiment; its own codecs are a candidate.</param>
    /// <param name="rounds">Rounds of the probe at most.</param>
    /// <param name="threads">Clients that train side by side.</param>
    /// <exception cref="ExperimentException">Its settings do not fit one another.</exception>
    /// <exception cref="CliException">No line could be compared with another.</exception>
    public PlanProbe(Experiment experiment, int rounds, int threads)
    {
        inputs = Inputs.Load(experiment);
        var given = Federations.Compressed(experiment, inputs, threads);
        inputs = inputs.WithTeachers(experiment, threads);
        (Given, Rounds) = (new ShadowLine(given.Plan.Uplink, given.Plan.Downlink), Math.Min(rounds, experiment.Rounds));
        if (Given.Misfit(given.Plan) is { } misfit)
            throw new CliException(ExitCode.Usage, $"plume plan tries lines on the updates of a probe. {misfit}");
        options = given with { Plan = Floats.In(given.Plan), EvaluateEvery = Rounds };
    }

    /// <summary>The experiment's own line.</summary>
    public ShadowLine Given { get; }

    /// <summary>What the probe itself runs by.</summary>
    public ShadowLine Floats { get; } = new(Codec.Floats, Codec.Floats);

    /// <summary>Rounds that the probe runs.</summary>
    public int Rounds { get; }

    /// <summary>Clients of the federation.</summary>
    public int Clients => options.Plan.Clients;

    /// <summary>Why a line cannot be tried; null where it can.</summary>
    public string? Misfit(ShadowLine line) => line.Misfit(options.Plan);

    /// <summary>The root mean square of what a value of the weights changes by in the first round's updates.</summary>
    /// <exception cref="DivergedException">They are not finite, or zero.</exception>
    public double Deviation()
    {
        double squares = 0;
        long values = 0;
        using var learner = inputs.Teachers.Learner(inputs.Graph, inputs.Train, inputs.Allotment.Clients);
        using var evaluator = new GraphEvaluator(inputs.Graph, inputs.Test, options.Threads);
        using var simulation = new Simulation.Simulation(options, learner, evaluator, inputs.Graph.ToWeights().Values,
            TimeProvider.System, (_, _, update) => Take(update));
        simulation.NextRound();
        double deviation = Math.Sqrt(squares / Math.Max(1, values));
        return double.IsFinite(deviation) && deviation > 0 ? deviation
            : throw new DivergedException("The first updates of the probe change nothing, or are not finite: there is nothing "
                + "to plan for. Look at client.learningRate and at the data.");

        void Take(ModelWeights update)
        {
            foreach (var tensor in update.Layout.Tensors.Where(tensor => tensor.Role == TensorRole.Weight))
            {
                foreach (float value in update.Values.AsSpan(tensor.Offset, tensor.Length))
                    squares += (double)value * value;
                values += tensor.Length;
            }
        }
    }

    /// <summary>Runs the probe.</summary>
    /// <param name="lines">The candidates.</param>
    /// <param name="told">Told of each round.</param>
    /// <param name="stop">Gives up after a round.</param>
    /// <returns>What floats and each candidate come to, in the same order; null where it was stopped.</returns>
    public IReadOnlyList<Prediction>? Run(IReadOnlyList<ShadowLine> lines, Action<RoundMetrics> told, CancellationToken stop)
    {
        using var learner = inputs.Teachers.Learner(inputs.Graph, inputs.Train, inputs.Allotment.Clients);
        using var evaluator = new GraphEvaluator(inputs.Graph, inputs.Test, options.Threads);
        var measured = lines.Select(CandidateLines.Measured).ToList();
        ShadowLine[] all = [.. lines.Concat(measured).Distinct()];
        using var simulation = new Simulation.Simulation(options with { Shadows = all }, learner, evaluator,
            inputs.Graph.ToWeights().Values, TimeProvider.System);
        while (simulation.Metrics.Count < Rounds && simulation.NextRound() is { } round)
        {
            told(round);
            if (stop.IsCancellationRequested)
                return null;
        }

        var floats = simulation.Metrics;
        double reached = evaluator.Evaluate(simulation.Published, stop).Accuracy;
        return [new Prediction(Floats, Whole([.. floats.Select(round => round.UplinkBytes)]),
                Whole([.. floats.Select(round => round.DownlinkBytes)]), reached, floats.Average(round => round.LinkSeconds)),
            .. lines.Zip(measured, (line, learned) => Of(ShadowOf(line), ShadowOf(learned)))];

        Shadow ShadowOf(ShadowLine line) => simulation.Shadows[Array.IndexOf(all, line)];

        Prediction Of(Shadow bytes, Shadow model) => new(bytes.Line, Whole([.. bytes.Rounds.Select(round => round.UplinkBytes)]),
            Whole([.. bytes.Rounds.Select(round => round.DownlinkBytes)]), evaluator.Evaluate(model.Published, stop).Accuracy,
            bytes.Rounds.Average(round => round.LinkSeconds));
    }

    // Bytes of the whole run, of those of the probe.
    long Whole(IReadOnlyList<long> bytes)
    {
        var last = bytes.Skip(bytes.Count - Math.Max(1, bytes.Count / 3));
        return bytes.Sum() + (long)(last.Average() * (options.Plan.Rounds - bytes.Count));
    }
}
