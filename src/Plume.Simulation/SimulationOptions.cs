using System.Globalization;
using Plume.Compression.Weights;
using Plume.Federation.Books;
using Plume.Federation.Budgets;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Models;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.ServerOptimizers;
using Plume.Simulation.Shadows;

namespace Plume.Simulation;

/// <summary>What a simulation runs and how.</summary>
/// <param name="Plan">The federation's rules.</param>
/// <param name="Seed">Where every draw of the run comes from.</param>
public sealed record SimulationOptions(FederationPlan Plan, ulong Seed)
{
    /// <summary>How the mean update becomes the next model.</summary>
    public ServerOptimizer Server { get; init; } = new FedAvg();

    /// <summary>Teaches the model where it is the server's own; null where it is of what clients send.</summary>
    public IStudent? Student { get; init; }

    /// <summary>
    /// Trains on the samples that the plan's rule compares updates with, as those of client 0; null where the rule needs none.
    /// </summary>
    public ILearner? Root { get; init; }

    /// <summary>Clients that train side by side. The result does not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Which clients work after all others of a round, such as hostile ones that look at what these have made; null for none.
    /// </summary>
    public Predicate<int>? WorksLast { get; init; }

    /// <summary>Is shown what the server can read of each round; changes no bit of the run. Null for nobody.</summary>
    public ServerReader? Reader { get; init; }

    /// <summary>
    /// Other codecs by which each update is encoded, too: what they would cost, and where they would lead. Changes no bit of the
    /// run.
    /// </summary>
    public IReadOnlyList<ShadowLine> Shadows { get; init; } = [];

    /// <summary>Chance that a participant vanishes after its download, 0 to 1.</summary>
    public double DropOut { get; init; }

    /// <summary>
    /// The links of clients: how long rounds would take on them is told beside how long they took here. Null for none.
    /// </summary>
    public Links? Links { get; init; }

    /// <summary>Chance that a payload has bits flipped on its way to the server, 0 to 1.</summary>
    public double Corruption { get; init; }

    /// <summary>The model is measured after every so many rounds and after the last.</summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>
    /// A hash of what the model computes with and no checkpoint has, such as weights that stay as they are; 0 where there is
    /// nothing.
    /// </summary>
    public ulong ConstantsHash { get; init; }

    /// <summary>Memory for what clients remember, in bytes, and as much for all shadows together; what does not fit goes to a
    /// file.</summary>
    public long ClientMemory { get; init; } = 256L << 20;

    /// <summary>Memory for earlier models, from which clients that missed some catch up in one payload, in bytes.</summary>
    public long HistoryMemory { get; init; } = 256L << 20;

    /// <summary>Folder of that file, which is deleted at the end.</summary>
    public string SpillFolder { get; init; } = Path.GetTempPath();

    /// <summary>
    /// What decides the bits of the run, to take a fingerprint of: what does not change them may differ from one run to the next.
    /// </summary>
    /// <param name="layout">The model's tensors.</param>
    public RunText TextOf(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return RunText.Of(Plan, Server, Seed)
            .Say("layout", layout.Fingerprint)
            .Say("quorum", Plan.Quorum)
            .Say("attempts", Plan.Attempts)
            .Say("drop-out", DropOut)
            .Say("corruption", Corruption)
            .Say("measured", EvaluateEvery)
            .SayUnless("answers", Plan.Buffered is null ? null : Links?.ToString(), null)
            .SayUnless("drop-out by client", Links?.DropOut is { } chance
                ? string.Create(CultureInfo.InvariantCulture, $"{chance.Least}..{chance.Most}") : null, null)
            .SayUnless("constants", ConstantsHash, 0UL);
    }

    // No time passes in a simulation, so a month has no end.
    internal SimulationOptions WithBudgetFor(ModelLayout layout) =>
        RoundBytes.Misfit(Plan, layout, isDownloaded: false) is { } poor ? throw new ArgumentException(poor, nameof(layout))
            : Plan.Budget is { Scope: BudgetScope.ClientMonth } month
            ? this with { Plan = Plan with { Budget = month with { Scope = BudgetScope.Client } } } : this;

    /// <summary>Why a plan's messages cannot be shown to a reader, in a sentence; null where they can.</summary>
    public static string? ReaderMisfit(FederationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return UpdatesMisfit(plan, "What a server reads is shown");
    }

    /// <summary>Why clients do not send updates of one model from one version; null where they do.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="what">What is for these alone: the begin of the sentence.</param>
    internal static string? UpdatesMisfit(FederationPlan plan, string what)
    {
        what += " where clients send updates of one model from one version";
        return !plan.Method.SendsUpdates || plan.Method is Masks
            ? $"{what}, and by '{plan.Method}' no update travels. Let exchange be updates."
            : plan.Method.Capacities.Count > 1
            ? $"{what}, and by '{plan.Method}' clients send those of parts of it. Let all have one capacity."
            : plan.Buffered is { } rhythm
            ? $"{what}, and in the rhythm '{rhythm}' they start from different ones. Let it be {Buffered.Synchronous}."
            : null;
    }

    /// <summary>Every rule that the options break, in sentences.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (string problem in Plan.Problems())
            yield return problem;
        if (RootUpdate.Misfit(Plan, Root) is { } rootless)
            yield return rootless;
        if (Threads < 1)
            yield return $"A simulation needs a thread, but has {Threads}.";
        if (!(DropOut >= 0 && DropOut <= 1))
            yield return $"The chance of a drop-out must be 0 to 1, but is {DropOut}.";
        if (!(Corruption >= 0 && Corruption <= 1))
            yield return $"The chance of corruption must be 0 to 1, but is {Corruption}.";
        if (Corruption > 0 && Plan.Uplink.IsSecure)
            yield return $"Payloads of a secure sum cannot be corrupted at random: nobody could see whose words were. Leave "
                + $"the corruption of {Corruption} out.";
        if (Plan.Buffered is { } rhythm && Links?.MisfitTo(rhythm) is { } unknown)
            yield return unknown;
        if (Plan.Buffered is not null && WorksLast is not null)
            yield return $"In '{Plan.Buffered}' no client works after all others: let the rhythm be {Buffered.Synchronous}.";
        if (Links?.DropOut is not null && DropOut > 0)
            yield return $"Drop-outs are said twice: all clients have a chance of {DropOut}, and each one's link has its own. "
                + $"Keep one of them.";
        if (Reader is not null && ReaderMisfit(Plan) is { } unread)
            yield return unread;
        foreach (string unseen in Shadows.Select(line => line.Misfit(Plan)).OfType<string>())
            yield return unseen;
        if (Plan.Budget is { } budget && Shadows.Count > 0)
            yield return $"A budget of '{budget}' steers the steps of the run by its own bytes, which other lines do not cost: leave the "
                + "shadows out, or the budget.";
        if (EvaluateEvery < 1)
            yield return $"The model must be measured every 1 round or more, but is every {EvaluateEvery}.";
        if (ClientMemory < 0)
            yield return $"The memory for what clients remember must not be negative, but is {ClientMemory} bytes.";
        if (HistoryMemory < 0)
            yield return $"The memory for earlier models must not be negative, but is {HistoryMemory} bytes.";
    }
}
