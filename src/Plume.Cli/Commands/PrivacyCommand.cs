using System.CommandLine;
using System.Text.Json;
using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Privacy;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Federation.Privacy;
using Plume.Federation.Privacy.Matrix;

namespace Plume.Cli.Commands;

/// <summary><c>plume privacy</c>: what noise, rounds and epsilon say of one another.</summary>
static class PrivacyCommand
{
    const double UsualDelta = 1e-5;

    static readonly string[] Samplings = ["none", "fixed", "poisson"];

    sealed record Request(string? File, string[] Overrides, double? Noise, double? Delta, double? Epsilon, int? Rounds,
        int? Clients, int? Participants, string Sampling, string? Mechanism, bool Json);

    public static Command Create()
    {
        var file = new Argument<string?>("experiment")
        {
            Description = "The experiment whose plan to look at; without it, the options say all.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var overrides = new Option<string[]>("--set")
        {
            Description = "Override a key of the experiment: --set privacy.noise=2.",
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
        };
        var noise = new Option<double?>("--noise")
        {
            Description = "Standard deviation of the noise on a sum, as a multiple of the norm that updates are clipped to.",
        };
        var epsilon = new Option<double?>("--epsilon") { Description = "The budget." };
        var delta = new Option<double?>("--delta")
        {
            Description = $"Chance that the promise fails; without it the experiment's, or {UsualDelta}.",
        };
        var rounds = new Option<int?>("--rounds") { Description = "Rounds of the federation." };
        var clients = new Option<int?>("--clients") { Description = "Clients of the federation." };
        var participants = new Option<int?>("--participants") { Description = "Clients that take part in a round." };
        var sampling = new Option<string>("--sampling")
        {
            Description = "What may be assumed of how they are drawn: none (what federations of Plume promise), fixed (so "
                + "many, in secret, all of them answer), poisson (each by a chance of its own).",
            DefaultValueFactory = _ => "none",
        };
        var mechanism = new Option<string?>("--mechanism")
        {
            Description = "How noise goes from round to round: gaussian, or matrix(10) for noise that is correlated and "
                + "clients that stay away ten rounds; without it the experiment's, or gaussian.",
        };
        var json = new Option<bool>("--json") { Description = "Print a JSON object." };
        var command = new Command("privacy",
            "Say how much epsilon a plan costs, and how much noise and how many rounds an epsilon buys.")
            {
                file, overrides, noise, epsilon, delta, rounds, clients, participants, sampling, mechanism, json,
            };
        command.SetAction(line =>
            (int)Run(new Request(line.GetValue(file), line.GetValue(overrides)!, line.GetValue(noise), line.GetValue(delta),
                line.GetValue(epsilon),
            line.GetValue(rounds), line.GetValue(clients), line.GetValue(participants), line.GetValue(sampling)!,
            line.GetValue(mechanism), line.GetValue(json))));
        return command;
    }

    static ExitCode Run(Request request)
    {
        Check(request);
        var (question, plan, isAsPlanned) = request.File is null ? Alone(request) : Planned(request);
        if (question.Noise is null && question.Epsilon is null)
            throw new CliException(ExitCode.Usage,
                $"Nothing says what to work out: give --noise, --epsilon or "
                    + $"both{(request.File is null ? "" : ", or the experiment a 'privacy' object")}.");
        var answer = PrivacyAnswer.Of(question, plan, isAsPlanned);
        Console.Out.Write(request.Json ? JsonSerializer.Serialize(answer, PrivacyJson.Default.PrivacyAnswer) + "\n"
            : answer.Text());
        return ExitCode.Done;
    }

    static void Check(Request request)
    {
        Above("--noise", request.Noise, ", for without any there is no privacy");
        Above("--epsilon", request.Epsilon, "");
        if (request.Delta is { } delta && !(delta > 0 && delta < 1))
            throw new CliException(ExitCode.Usage, $"--delta must be above 0 and below 1, but is {delta}.");
        foreach (var (option, value) in new[] { ("--rounds", request.Rounds), ("--clients", request.Clients),
            ("--participants", request.Participants) })
        {
            if (value is < 1 or > 1_000_000)
                throw new CliException(ExitCode.Usage, $"{option} must be 1 to 1000000, but is {value}.");
        }

        if (!Samplings.Contains(request.Sampling))
            throw new CliException(ExitCode.Usage,
                $"--sampling must be one of {string.Join(", ", Samplings)}, but is '{request.Sampling}'.");
        if (request.File is null && request.Overrides.Length > 0)
            throw new CliException(ExitCode.Usage, "--set overrides a key of an experiment; name one, or leave it out.");

        static void Above(string option, double? value, string why)
        {
            if (value is { } number && !(number > 0 && double.IsFinite(number)))
                throw new CliException(ExitCode.Usage, $"{option} must be above 0{why}, but is {number}.");
        }
    }

    static MatrixMechanism? MechanismOf(Request request, MatrixMechanism? planned, int? rounds, bool isAtClients)
    {
        var matrix = request.Mechanism is { } text ? WrittenOption.Read("--mechanism", text, MatrixMechanism.Parse) : planned;
        string? misfit = matrix is null ? null
            : isAtClients ? MatrixMechanism.MisfitToClientNoise(matrix)
            : request.Sampling != "none"
            ? $"--sampling {request.Sampling} is for noise that is drawn anew each round, and by '{matrix}' it is not: leave it "
                + "out."
            : matrix.Problems(rounds ?? 1).FirstOrDefault();
        return misfit is null ? matrix : throw new CliException(ExitCode.Usage, misfit);
    }

    static (PrivacyQuestion, PrivacyPlan?, bool IsAsPlanned) Planned(Request request)
    {
        var experiment = ExperimentFile.Read(request.File, request.Overrides);
        var budget = experiment.Privacy.Promise;
        int clients = request.Clients
            ?? experiment.Clients ?? Inputs.Load(experiment).Allotment.Clients.Count;
        int rounds = request.Rounds ?? experiment.Rounds;
        var plan = new PrivacyPlan(clients, request.Participants ?? experiment.Participants.Of(clients), rounds, budget)
        { Matrix = MechanismOf(request, experiment.Privacy.Matrix, rounds, experiment.Uplink.IsSecure) };
        var question = QuestionOf(request with
        {
            Noise = request.Noise ?? budget?.Noise,
            Epsilon = request.Epsilon ?? budget?.Epsilon,
            Delta = request.Delta
                ?? budget?.Delta
        }, plan, experiment.Uplink.IsSecure);
        bool isAsPlanned = budget is not null && question.Sampling == budget.Sampling
            && (budget.Noise, budget.Delta, budget.Epsilon) == (question.Noise!.Value, question.Delta, question.Epsilon!.Value);
        return (question, plan, isAsPlanned);
    }

    static (PrivacyQuestion, PrivacyPlan?, bool IsAsPlanned) Alone(Request request)
    {
        if (request.Rounds is null && (request.Noise is null || request.Epsilon is null))
            throw new CliException(ExitCode.Usage,
                "Two of --noise, --epsilon and --rounds say what the third is; give two of them, or an experiment.");
        var matrix = MechanismOf(request, null, request.Rounds, isAtClients: false);
        if (request is { Clients: { } clients, Participants: { } participants, Rounds: { } rounds })
        {
            var plan = new PrivacyPlan(clients, participants, rounds, null) { Matrix = matrix };
            return (QuestionOf(request, plan, isAtClients: false), plan, false);
        }

        if (request.Sampling != "none")
            throw new CliException(ExitCode.Usage,
                $"--sampling {request.Sampling} needs --clients, --participants and --rounds.");
        var alone = request.Rounds is { } all ? new PrivacyPlan(1, 1, all, null) { Matrix = matrix } : null;
        return (new PrivacyQuestion(DifferentialPrivacy.SamplingOf(isAtClients: false, matrix), request.Delta ?? UsualDelta,
            request.Noise, request.Epsilon, alone is null ? [] : [OfEach(alone)]), alone, false);
    }

    static ReleaseCount OfEach(PrivacyPlan plan) => plan.Matrix is { Separation: var rounds }
        ? new($"a client every {rounds} rounds", plan.Most) : new("a client in each round", plan.Most);

    static PrivacyQuestion QuestionOf(Request request, PrivacyPlan plan, bool isAtClients)
    {
        if (isAtClients && request.Sampling != "none")
            throw new CliException(ExitCode.Usage,
                $"--sampling {request.Sampling} is for noise that a server adds, and under an uplink that ends in 'secure' clients add "
                    + $"it: leave it out.");
        if (plan.Participants > plan.Clients)
            throw new CliException(ExitCode.Usage,
                $"The participants must be at most {plan.Clients}, the number of clients, but are {plan.Participants}.");
        Sampling sampling = request.Sampling switch
        {
            "fixed" => new FixedSizeSampling(plan.Clients, plan.Participants),
            "poisson" => new PoissonSampling((double)plan.Participants / plan.Clients),
            _ => DifferentialPrivacy.SamplingOf(isAtClients, plan.Matrix),
        };
        ReleaseCount[] counts = request.Sampling != "none" ? [new("all rounds", plan.Rounds)]
            : plan.Alike == plan.Most ? [OfEach(plan)]
            : [new("clients in as many as others", plan.Alike), OfEach(plan)];
        return new PrivacyQuestion(sampling, request.Delta ?? UsualDelta, request.Noise, request.Epsilon, counts);
    }
}
