using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Federation.Budgets;
using Plume.Federation.Methods;
using Plume.Federation.Models;
using Plume.Federation.Privacy;
using Plume.Federation.Notation;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;
using Plume.Federation.Selection;
using Plume.Federation.ServerOptimizers;
using Plume.Learning;
using Plume.Models.Graph;
using Plume.Simulation;

namespace Plume.Cli.Setup;

/// <summary>The federation that an experiment describes, and the same one with 32-bit floats both ways.</summary>
static class Federations
{

    /// <exception cref="ExperimentException">Its settings do not fit one another.</exception>
    public static SimulationOptions Compressed(Experiment experiment, Inputs inputs, int threads)
    {
        var options = Options(experiment, inputs, threads, experiment.Training,
            inputs.Predictions is { Method: var method } ? new ExchangeLine(method) : experiment.Exchange,
            experiment.Uplink, experiment.Downlink, experiment.Privacy.Promise, experiment.Budget, experiment.Selection);
        inputs.Ships.Check(experiment, inputs.Floats, inputs.Test);
        return options;
    }

    public static SimulationOptions Baseline(Experiment experiment, Inputs inputs, int threads) =>
        Options(experiment, inputs, threads, TrainingLine.Plain, ExchangeLine.Updates, Codec.Floats, Codec.Floats,
            privacy: null, budget: null, selection: null);

    static SimulationOptions Options(Experiment experiment, Inputs inputs, int threads, TrainingLine training,
        ExchangeLine exchange, Codec uplink, Codec downlink, DifferentialPrivacy? privacy, ByteBudget? budget,
        CheapSelection? selection)
    {
        var allotment = inputs.Allotment;
        var method = Knowing(exchange.With(training).Seeded(experiment.Seed), experiment, inputs.Graph);
        int clients = allotment.Clients.Count;
        int participants = experiment.Participants.Of(clients);
        var plan = new FederationPlan(clients, experiment.Rounds, participants,
            experiment.Objective with { Teaching = training.Teaching?.Terms }, uplink, downlink)
        {
            Method = method,
            Smaller = method.Capacities.Count > 1 ? inputs.Smaller : [],
            Schedule = experiment.Schedule,
            OverSelection = 1 + experiment.OverSelection,
            // Half of few participants is fewer than a sum in secret needs.
            Quorum = Math.Max(uplink.IsSecure ? SumTerms.LeastMinimum : 1, experiment.Quorum.Of(participants)),
            SampleCap = privacy is null ? allotment.Clients.Max(samples => samples.Length) : null,
            Privacy = privacy,
            Budget = budget,
            Selection = selection,
            NormBound = experiment.NormBound,
            Rule = inputs.Root?.Rule ?? experiment.Rule,
            Buffered = experiment.Buffered,
            // Where rounds are buffered the next client is asked when another has answered, whatever a file names.
            Fixed = experiment.Buffered is null ? allotment.Rounds : null,
        };
        var options = new SimulationOptions(plan, experiment.Seed)
        {
            Server = experiment.Optimizer,
            Threads = threads,
            DropOut = experiment.DropOut,
            Links = experiment.Links,
            EvaluateEvery = experiment.EvaluateEvery,
            ConstantsHash = FrozenWeights.Of(inputs.Graph).Hash,
        };
        var problems = PlanMisfits(plan, experiment).Concat(ModelMisfits(plan, experiment, inputs.Graph.Weights)).ToList();
        return problems.Count == 0 ? options
            : throw new ExperimentException(
                [.. problems.Select(problem => experiment.Problem(problem.Key, problem.Message))]);
    }

    static Method Knowing(Method method, Experiment experiment, ModelGraph graph)
    {
        try
        {
            return method.Of(() => new GraphChannels(graph));
        }
        catch (InvalidPayloadException unknown)
        {
            throw experiment.Wrong("training",
                $"training: '{method}' cannot follow the model's channels. {unknown.Message}");
        }
    }

    // Each key alone is in its range by now; these are the rules between keys.
    static IEnumerable<(string Key, string Message)> PlanMisfits(FederationPlan plan, Experiment experiment)
    {
        var exchange = experiment.Exchange;
        if (exchange.Misfit(experiment.Training) is { } misfit)
            yield return ("exchange", $"exchange: {misfit}");
        if (plan.Participants > plan.Clients)
            yield return ("participants",
                $"participants must be at most {plan.Clients}, the number of clients, but is {plan.Participants}.");
        if (plan.Quorum > plan.Participants)
            yield return ("quorum", $"quorum must be at most {plan.Participants}, the number of participants, but is "
                + $"{plan.Quorum}.");
        if (plan.NormBound is { Factor: < 1 and var factor })
            yield return ("server.norm", $"server.norm must be 0, for no bound, or a number from 1 up, but is {factor}.");
        if (plan.UplinkMisfit is { } wrongUp)
            yield return ("uplink", $"uplink: {wrongUp}");
        if (plan.DownlinkMisfit is { } wrongDown)
            yield return ("downlink", $"downlink: {wrongDown}");
        if (plan.RuleMisfit is { } noRule)
            yield return ("server.rule", $"server.rule: {noRule}");
        foreach (string problem in plan.Buffered?.Problems(plan) ?? [])
            yield return ("rhythm", $"rhythm: {problem}");
        foreach (string problem in SecureUplink.Problems(plan))
            yield return ("uplink", $"uplink: {problem}");
        if (plan.Schedule.Misfit(plan.Rounds) is { } tooLong)
            yield return ("client.schedule", $"client.schedule: {tooLong}");
        foreach (string problem in plan.Method.Problems(plan))
        {
            string key = exchange.Method is null ? "training" : "exchange";
            yield return (key, $"{key}: {problem}");
        }

        foreach (string problem in plan.PrivacyProblems())
            yield return (PrivacySettings.Key, $"privacy: {problem}");
        foreach (string problem in plan.BudgetProblems())
            yield return ("budget", $"budget: {problem}");
        foreach (string problem in plan.SelectionProblems())
            yield return ("selection", $"selection: {problem}");

        if (experiment.Ships?.Misfit(experiment.Training, plan.Method) is { } unfit)
            yield return ("ships", $"ships: {unfit}");
        if (experiment is { Links.DropOut: not null, DropOut: > 0 })
            yield return ("dropout",
                $"dropout is {experiment.DropOut} for all clients, but links has a chance for each: keep one of "
                    + $"them.");
        if (plan.Buffered is { } rhythm && experiment.Links?.MisfitTo(rhythm) is { } unknown)
            yield return ("links", $"links: {unknown}");
        if (!plan.Method.TakesOptimizers && experiment.Optimizer is not FedAvg)
            yield return ("server.optimizer",
                $"server.optimizer moves the model by updates, of which '{exchange}' sends none; leave it out.");
        if (plan.Fixed is { } lists && lists.Count < plan.Rounds)
            yield return ("rounds", $"rounds must be at most {lists.Count}, for which the partition's file names the "
                + $"participants, but is {plan.Rounds}.");
    }

    // What a method makes of a model's tensors, it says of them alone.
    static IEnumerable<(string Key, string Message)> ModelMisfits(FederationPlan plan, Experiment experiment, ModelLayout layout)
    {
        string key = experiment.Exchange.Method is null ? "training" : "exchange";
        string? misfit = null;
        try
        {
            plan.Published(layout);
            plan.Answer(layout);
        }
        catch (ArgumentException refusal)
        {
            misfit = InputErrors.Sentence(refusal);
        }

        if (misfit is null && SecureRound.Misfit(plan, layout) is { } insecure)
            yield return ("uplink", $"uplink: {insecure}");

        if (misfit is null && !plan.BudgetProblems().Any() && RoundBytes.Misfit(plan, layout, isDownloaded: false) is { } poor)
            yield return ("budget", $"budget: {poor}");
        if (plan.PrivacyMisfit(layout) is { } unprivate)
            yield return (PrivacySettings.Key, $"privacy: {unprivate}");
        if (misfit is not null)
            yield return (key, $"{key}: {misfit}");
    }
}
