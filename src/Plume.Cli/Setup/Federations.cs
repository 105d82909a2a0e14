using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Experiments.Keys;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Privacy;
using Plume.Federation.Notation;
using Plume.Federation.Robustness;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;
using Plume.Learning;
using Plume.Models.Graph;
using Plume.Simulation;

namespace Plume.Cli.Setup;

/// <summary>The federation that an experiment describes, and the same one with 32-bit floats both ways.</summary>
static class Federations
{

    /// <exception cref="ExperimentException">The settings do not fit one another.</exception>
    public static SimulationOptions Compressed(Settings settings, Inputs inputs, int threads)
    {
        var options = Options(settings, inputs, threads, settings.Get<TrainingLine>("training"),
            inputs.Predictions is { Method: var method } ? new ExchangeLine(method) : settings.Get<ExchangeLine>("exchange"),
            settings.Get<Codec>("uplink"), settings.Get<Codec>("downlink"), PrivacySettings.Of(settings));
        inputs.Ships.Check(settings, inputs.Floats, inputs.Test);
        return options;
    }

    public static SimulationOptions Baseline(Settings settings, Inputs inputs, int threads) =>
        Options(settings, inputs, threads, TrainingLine.Plain, ExchangeLine.Updates, Codec.Floats, Codec.Floats, privacy: null);

    static SimulationOptions Options(Settings settings, Inputs inputs, int threads, TrainingLine training, ExchangeLine exchange,
        Codec uplink, Codec downlink, DifferentialPrivacy? privacy)
    {
        var allotment = inputs.Allotment;
        var method = Knowing(exchange.With(training).Seeded((ulong)settings.Get<long>("seed")), settings, inputs.Graph);
        int clients = allotment.Clients.Count;
        int participants = settings.Get<Amount>("participants").Of(clients);
        var plan = new FederationPlan(clients, settings.Int32("rounds"), participants,
            Objective(settings) with { Teaching = training.Teaching?.Terms }, uplink, downlink)
        {
            Method = method,
            Smaller = method.Capacities.Count > 1 ? inputs.Smaller : [],
            Schedule = settings.Get<RateSchedule>("client.schedule"),
            OverSelection = 1 + settings.Get<double>("overSelect"),
            Quorum = settings.Get<Amount>("quorum").Of(participants),
            SampleCap = privacy is null ? allotment.Clients.Max(samples => samples.Length) : null,
            Privacy = privacy,
            NormBound = settings.Get<double>("server.norm") is var factor and > 0 ? new NormBound(factor) : null,
            Rule = settings.Get<object>("server.rule") as RobustRule,
            Fixed = allotment.Rounds,
        };
        var options = new SimulationOptions(plan, (ulong)settings.Get<long>("seed"))
        {
            Server = Server(settings),
            Threads = threads,
            DropOut = settings.Get<double>("dropout"),
            Links = settings.Has("links") ? settings.Get<Links>("links") : null,
            EvaluateEvery = settings.Int32("evaluateEvery"),
            ConstantsHash = FrozenWeights.Of(inputs.Graph).Hash,
        };
        var problems = PlanMisfits(plan, settings).Concat(ModelMisfits(plan, settings, inputs.Graph.Weights)).ToList();
        return problems.Count == 0 ? options
            : throw new ExperimentException(
                [.. problems.Select(problem => new Problem(settings.PlaceOf(problem.Key), problem.Message))]);
    }

    static Method Knowing(Method method, Settings settings, ModelGraph graph)
    {
        try
        {
            return method.Of(() => new GraphChannels(graph));
        }
        catch (InvalidPayloadException unknown)
        {
            throw new ExperimentException(
                [new Problem(settings.PlaceOf("training"),
                    $"training: '{method}' cannot follow the model's channels. {unknown.Message}")]);
        }
    }

    // Each key alone is in its range by now; these are the rules between keys.
    static IEnumerable<(string Key, string Message)> PlanMisfits(FederationPlan plan, Settings settings)
    {
        var exchange = settings.Get<ExchangeLine>("exchange");
        if (exchange.Misfit(settings.Get<TrainingLine>("training")) is { } misfit)
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

        if (ShipsInputs.LineOf(settings)?.Misfit(settings.Get<TrainingLine>("training"), plan.Method) is { } unfit)
            yield return ("ships", $"ships: {unfit}");
        if (settings.Has("links") && settings.Get<Links>("links").DropOut is not null && settings.Get<double>("dropout") > 0)
            yield return ("dropout",
                $"dropout is {settings.Get<double>("dropout")} for all clients, but links has a chance for each: keep one of "
                    + $"them.");
        if (!plan.Method.SendsUpdates && settings.Get<string>("server.optimizer") != "fedavg")
            yield return ("server.optimizer",
                $"server.optimizer moves the model by updates, of which '{exchange}' sends none; leave it out.");
        if (plan.Fixed is { } lists && lists.Count < plan.Rounds)
            yield return ("rounds", $"rounds must be at most {lists.Count}, for which the partition's file names the "
                + $"participants, but is {plan.Rounds}.");
    }

    // What a method makes of a model's tensors, it says of them alone.
    static IEnumerable<(string Key, string Message)> ModelMisfits(FederationPlan plan, Settings settings, ModelLayout layout)
    {
        string key = settings.Get<ExchangeLine>("exchange").Method is null ? "training" : "exchange";
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

        if (misfit is null && SecureUplink.Misfit(plan, layout) is { } insecure)
            yield return ("uplink", $"uplink: {insecure}");

        if (plan.StatisticsMisfit(layout) is { } statistics)
            yield return (PrivacySettings.Key, $"privacy: {statistics}");
        if (misfit is not null)
            yield return (key, $"{key}: {misfit}");
    }

    static LocalObjective Objective(Settings settings) => new(
        settings.Int32("client.epochs"),
        settings.Int32("client.batchSize"),
        settings.Get<double>("client.learningRate"),
        settings.Get<string>("client.optimizer") == "adam" ? LocalOptimizer.Adam : LocalOptimizer.Sgd,
        settings.Get<double>("client.momentum"),
        settings.Get<double>("client.weightDecay"),
        settings.Get<double>("client.proximal"));

    static ServerOptimizer Server(Settings settings)
    {
        double rate = settings.Get<double>("server.learningRate"), beta1 = settings.Get<double>("server.beta1"),
            beta2 = settings.Get<double>("server.beta2");
        double tau = settings.Get<double>("server.tau");
        return settings.Get<string>("server.optimizer") switch
        {
            "fedavgm" => new FedAvgM(rate, settings.Get<double>("server.momentum")),
            "fedadam" => new FedAdam(rate, beta1, beta2, tau),
            "fedyogi" => new FedYogi(rate, beta1, beta2, tau),
            _ => new FedAvg(rate),
        };
    }
}
