using System.IO.Hashing;
using System.Runtime.InteropServices;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Models;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;
using Plume.Federation.SecureRounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Server.Federations.Definitions;

/// <summary>One federation that a server hosts: everything that is fixed before its first round.</summary>
/// <param name="Name">Its name: letters, digits, dots, dashes and underscores; case does not tell two apart.</param>
/// <param name="Plan">The rules.</param>
/// <param name="Seed">Where every draw of the run comes from.</param>
/// <param name="Layout">The model's tensors.</param>
/// <param name="Initial">Makes version 0, in the order of the layout: the same each time, and not held between.</param>
public sealed record FederationDefinition(string Name, FederationPlan Plan, ulong Seed, ModelLayout Layout, Func<float[]> Initial)
{
    const long BytesForEachClient = 64;

    /// <summary>How the mean update becomes the next model.</summary>
    public ServerOptimizer Optimizer { get; init; } = new FedAvg();

    /// <summary>
    /// Makes the model's ONNX file, for clients that have no model of their own; null where there is none. Clients have no use
    /// for the weights in it, and zeros travel for next to nothing; constants they need as they are.
    /// </summary>
    public Func<byte[]>? Graph { get; init; }

    /// <summary>The same of the models of smaller capacities, where there are any, the largest first.</summary>
    public IReadOnlyList<Func<byte[]>> SmallerGraphs { get; init; } = [];

    /// <summary>Teaches the model where it is the server's own; null where it is of what clients send.</summary>
    public IStudent? Student { get; init; }

    /// <summary>
    /// Trains on the samples that the plan's rule compares updates with, as those of client 0; null where the rule needs none.
    /// Calls come from several threads.
    /// </summary>
    public ILearner? Root { get; init; }

    /// <summary>The values in the graph that are not learned, such as frozen weights beside adapters.</summary>
    public GraphConstants Constants { get; init; }

    /// <summary>Measures the model that clients see; null where the server has no data.</summary>
    public IEvaluator? Evaluator { get; init; }

    /// <summary>What it measures by, as a word: accuracy, or R2 of a model that predicts a number.</summary>
    public string Metric { get; init; } = "accuracy";

    /// <summary>The model is measured after every so many rounds and after the last.</summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>Memory for earlier models, from which clients that missed some catch up in one payload, in bytes.</summary>
    public long HistoryMemory { get; init; } = 64L << 20;

    /// <summary>How long a client may be silent before rounds no longer ask it.</summary>
    public TimeSpan Away { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long a client that nobody invited keeps its place after that; twice a round's deadline at least, which one may be
    /// late.
    /// </summary>
    public TimeSpan UnusedPlace { get; init; } = TimeSpan.FromMinutes(10);

    internal TimeSpan UnusedPlaceAtLeast => UnusedPlace > 2 * Plan.Deadline ? UnusedPlace : 2 * Plan.Deadline;

    /// <summary>The run's key.</summary>
    public RandomKey Key => RandomKey.FromSeed(Seed);

    /// <summary>What it is called in storage.</summary>
    public string Id => Name.ToLowerInvariant();

    /// <summary>What is published.</summary>
    public MessageShape Published => Plan.Published(Layout);

    /// <summary>What a participant sends.</summary>
    public MessageShape Answer => Plan.Answer(Layout);

    /// <summary>Most bytes of one upload.</summary>
    public long LargestUpload => Answer.LargestPayload;

    /// <summary>Whether updates are added up in secret, and none is uploaded by itself.</summary>
    public bool SumsInSecret => Plan.Uplink.IsSecure;

    /// <summary>Most bytes of a client's message in a secure sum: its words, or what it has for each other client.</summary>
    public long LargestSumMessage => Math.Max(Answer.LargestPayload, BytesForEachClient * Plan.MostContributors);

    /// <summary>The model that a client trains, which is that of its capacity.</summary>
    public ModelLayout LayoutOf(int client) => Plan.ModelsOf(Layout)[Plan.Method.CapacityOf(client)].Layout;

    /// <summary>A hash of all that decides the bits of the run, so that a folder of another run is not gone on with.</summary>
    /// <param name="initial">Version 0.</param>
    public ulong Fingerprint(ReadOnlySpan<float> initial) => RunText.Of(Plan, Optimizer, Seed)
        .Say("layout", Layout.Fingerprint)
        .Say("initial", XxHash64.HashToUInt64(MemoryMarshal.AsBytes(initial)))
        .SayUnless("constants", Constants.Hash, 0UL)
        .Fingerprint;

    /// <summary>Every rule that the definition breaks, in sentences.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (string problem in Plan.Problems())
            yield return problem;
        if (SecureRound.Misfit(Plan, Layout) is { } insecure)
            yield return insecure;
        if (!Plan.BudgetProblems().Any() && RoundBytes.Misfit(Plan, Layout, isDownloaded: true) is { } poor)
            yield return poor;
        if (Plan.Method.KeepsModel && Student is null)
            yield return $"By '{Plan.Method}' the server teaches a model of its own, so it must be given a student.";
        if (RootUpdate.Misfit(Plan, Root) is { } rootless)
            yield return rootless;
        if (Graph is not null && SmallerGraphs.Count != Plan.Smaller.Count)
            yield return $"Clients of {Plan.Smaller.Count + 1} capacities need a graph each, but there are "
                + $"{SmallerGraphs.Count + 1}.";
        if (UnusedPlace < TimeSpan.Zero)
            yield return $"The time for which a client keeps a place must not be negative, but is {UnusedPlace}.";
        if (EvaluateEvery < 1)
            yield return $"The model must be measured every 1 round or more, but is every {EvaluateEvery}.";
    }
}
