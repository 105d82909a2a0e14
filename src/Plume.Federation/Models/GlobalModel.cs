using System.Runtime.InteropServices;
using Plume.Compression.Aggregation;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Capacities;
using Plume.Federation.Learners;
using Plume.Federation.Methods;
using Plume.Federation.Privacy;
using Plume.Federation.Rounds;
using Plume.Federation.ServerOptimizers;

namespace Plume.Federation.Models;

/// <summary>
/// What the server holds of a federation: the model, and whatever else its method publishes, exact and as clients see it, with
/// what optimizer and method remember.
/// </summary>
public sealed class GlobalModel
{
    const int FloatsOfNoise = sizeof(long) / sizeof(float);

    readonly ModelLayout layout, trained;
    readonly FederationPlan plan;
    readonly CapacityModels models;
    readonly ServerOptimizer optimizer;
    readonly IStudent? student;
    readonly int published;
    readonly NoisyMean? noisy;
    float[] exact;
    float[] memory;

    /// <summary>Version 0.</summary>
    /// <param name="plan">The federation's rules: its method and the downlink's codec.</param>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="initial">Its first values; the method says how what else it publishes begins.</param>
    /// <param name="optimizer">Moves the weights.</param>
    /// <param name="run">The run's key.</param>
    /// <param name="threads">Threads that encode and decode.</param>
    /// <param name="historyMemory">Bytes that earlier models may take.</param>
    /// <param name="student">Teaches the model where it is the server's own (<see cref="Method.KeepsModel"/>).</param>
    /// <exception cref="ArgumentException">The downlink begins with feedback, or the method needs a student.</exception>
    public GlobalModel(FederationPlan plan, ModelLayout layout, ReadOnlySpan<float> initial, ServerOptimizer optimizer,
        RandomKey run, int threads, long historyMemory, IStudent? student = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(optimizer);
        if (plan.Method.KeepsModel && student is null)
            throw new ArgumentException($"By '{plan.Method}' the server teaches a model of its own: bring a student.",
                nameof(student));
        if (plan.PrivacyMisfit(layout) is { } misfit)
            throw new ArgumentException(misfit, nameof(plan));
        (this.layout, this.plan, this.optimizer, this.student) = (layout, plan, optimizer, student);
        models = plan.ModelsOf(layout);
        trained = plan.Answer(layout).Parts[0].Layout;
        published = plan.Published(layout).Length;
        var first = new float[published];
        plan.Method.Begin(plan, layout, initial, first);
        Broadcasts = [.. models.Select((model, capacity) =>
            new Broadcast(plan.Published(model.Layout), Sliced(first, capacity, 0).Span, run, threads,
                historyMemory / models.Count))];
        exact = Broadcast.Published.ToArray();
        memory = new float[MemoryLengthOf(plan, layout, optimizer)];
        plan.Method.BeginMemory(initial, memory.AsSpan(optimizer.MemoryPerValue * layout.Length,
            plan.Method.ServerMemoryLength(layout)));
        noisy = plan.Privacy is { IsAtClients: false } privacy ? new NoisyMean(privacy, plan.Rounds, plan.Participants) : null;
    }

    /// <summary>The exact values of all that is published, the weights first.</summary>
    public ReadOnlyMemory<float> Exact => exact;

    /// <summary>
    /// What optimizer and method remember and, where noise is correlated between rounds, after it the noise of the last ones as
    /// whole numbers, each in the place of two floats. Nobody but the server may have it then.
    /// </summary>
    public ReadOnlyMemory<float> Memory => memory;

    /// <summary>
    /// The clip of the round after the version made last, where it follows the norms of updates; null elsewhere, and before any.
    /// </summary>
    public double? NextClip { get; private set; }

    /// <summary>
    /// How far updates were apart up to the version made last (<see cref="FederationState.Spread"/>); null where that says nothing
    /// of it.
    /// </summary>
    public double? Spread { get; private set; }

    /// <summary>What clients of each capacity see.</summary>
    public IReadOnlyList<Broadcast> Broadcasts { get; }

    /// <summary>What clients of the largest capacity see, which is the whole model.</summary>
    public Broadcast Broadcast => Broadcasts[0];

    /// <summary>The model that clients see, or that the server has for itself.</summary>
    public ReadOnlyMemory<float> Weights => WeightsOf(plan, layout, optimizer, Broadcast.Published, memory);

    /// <summary>The same of exact values.</summary>
    public ReadOnlyMemory<float> ExactWeights => WeightsOf(plan, layout, optimizer, exact, memory);

    /// <summary>Floats of <see cref="Memory"/>.</summary>
    public static int MemoryLengthOf(FederationPlan plan, ModelLayout layout, ServerOptimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(optimizer);
        return checked(OwnMemoryLength(plan, layout, optimizer) + FloatsOfNoise
            * NoisyMean.MemoryLength(plan.Privacy, plan.Rounds, RoundSum.LengthOf(plan, layout)));
    }

    /// <summary>The model of values that were kept.</summary>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="layout">The model's tensors.</param>
    /// <param name="optimizer">Moves the weights.</param>
    /// <param name="published">All that was published.</param>
    /// <param name="memory">What optimizer and method remember.</param>
    public static ReadOnlyMemory<float> WeightsOf(FederationPlan plan, ModelLayout layout, ServerOptimizer optimizer,
        ReadOnlyMemory<float> published, ReadOnlyMemory<float> memory)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(optimizer);
        // A model that rests has no memory at hand.
        return plan.Method.ServerModel(layout, published,
            memory[Math.Min(memory.Length, optimizer.MemoryPerValue * layout.Length)..]);
    }

    /// <summary>Makes and publishes the next version.</summary>
    /// <param name="sum">Of the round's weighted messages, those of each capacity for themselves:
    /// <see cref="RoundSum.Sum"/>.</param>
    /// <param name="weights">What each capacity's sum is divided by: <see cref="FederationPlan.WeightsByCapacity"/>.</param>
    /// <param name="contributors">How many messages they are.</param>
    /// <param name="noise">Where noise comes from; needed where the plan promises privacy and the server adds the noise.</param>
    /// <param name="clip">The norm that the round's messages were clipped to, <see cref="RoundPlan.UsualNorm"/>; needed where
    /// that follows their norms.</param>
    /// <param name="norm">The median norm of the round's messages; needed where a step follows how far they are apart.</param>
    /// <param name="round">The round; needed where steps follow the rounds before, or a budget of bytes presses on them.</param>
    /// <returns>The payloads that lead from the version before to it, one for each capacity.</returns>
    /// <exception cref="InvalidOperationException">The model rests.</exception>
    public IReadOnlyList<byte[]> Apply(ExactSum sum, IReadOnlyList<double> weights, int contributors, NoiseSecret? noise = null,
        double? clip = null, double norm = 0, RoundPlan? round = null)
    {
        ArgumentNullException.ThrowIfNull(sum);
        ArgumentNullException.ThrowIfNull(weights);
        var (mean, cover) = noisy is null ? Average(sum, weights) : (Noisy(noisy, sum, weights[0], noise, clip), []);
        return Apply(mean, cover, contributors, norm, round);
    }

    /// <summary>Makes and publishes the next version of what a rule made of the round's messages.</summary>
    /// <param name="mean">In place of their mean; as long as a message.</param>
    /// <param name="contributors">How many messages they are.</param>
    /// <param name="norm">Their median norm; needed where a step follows how far they are apart.</param>
    /// <param name="round">The round; needed where steps follow the rounds before, or a budget of bytes presses on them.</param>
    /// <returns>The payloads that lead from the version before to it, one for each capacity.</returns>
    /// <exception cref="InvalidOperationException">The model rests.</exception>
    public IReadOnlyList<byte[]> Apply(float[] mean, int contributors, double norm = 0, RoundPlan? round = null)
    {
        ArgumentNullException.ThrowIfNull(mean);
        if (plan.Privacy is not null)
            throw new InvalidOperationException("The plan promises privacy, so a version is made of the sum, with noise.");
        return Apply(mean, [], contributors, norm, round);
    }

    /// <summary>Publishes the model as it is, as the next version: of a round of which nothing can be had.</summary>
    /// <param name="round">The round; needed where a budget of bytes presses on its steps.</param>
    /// <returns>The payloads that lead from the version before to it, one for each capacity.</returns>
    /// <exception cref="InvalidOperationException">The model rests.</exception>
    public IReadOnlyList<byte[]> Pass(RoundPlan? round = null)
    {
        ThrowIfResting();
        Spread = null;
        return Publish(Broadcast.Version + 1, 0, round);
    }

    IReadOnlyList<byte[]> Apply(float[] mean, double[] cover, int contributors, double norm, RoundPlan? round)
    {
        ThrowIfResting();
        int version = Broadcast.Version + 1;
        Spread = plan.FollowsSpread
            ? UpdateSpread.After(round?.Spread, UpdateSpread.Of(norm, mean, trained, contributors)) : null;
        var own = memory.AsSpan(0, OwnMemoryLength(plan, layout, optimizer));
        plan.Method.Next(new ServerState(layout, exact, Broadcast.Published.Span, own, optimizer, plan.ObjectiveIn(version),
            student), new RoundMean(version, mean, contributors, plan.Clients) { Cover = cover });
        return Publish(version, contributors, round);
    }

    IReadOnlyList<byte[]> Publish(int version, int contributors, RoundPlan? round)
    {
        float? step = round?.ModelStep
            ?? (Spread is { } spread && plan.Downlink.IsAuto ? plan.Downlink.StepAt(spread, contributors) : null);
        return [.. Broadcasts.Select((broadcast, capacity) => broadcast.Publish(Sliced(exact, capacity, version), step,
            round?.MostPayload))];
    }

    void ThrowIfResting()
    {
        if (exact.Length < published)
            throw new InvalidOperationException($"Version {Broadcast.Version} rests; give it back its exact values first.");
    }

    static int OwnMemoryLength(FederationPlan plan, ModelLayout layout, ServerOptimizer optimizer) =>
        optimizer.MemoryPerValue * layout.Length + plan.Method.ServerMemoryLength(layout);

    float[] Noisy(NoisyMean released, ExactSum sum, double messages, NoiseSecret? secret, double? roundsClip)
    {
        ThrowIfResting();
        if (secret is null)
            throw new InvalidOperationException("The plan promises privacy, so the mean needs noise: say where it comes from.");
        var adaptive = plan.Privacy!.Clip;
        double clip = (adaptive is null ? plan.ClipNorm : roundsClip)
            ?? throw new InvalidOperationException("The clip follows the norms of updates: say what it was in the round.");
        // Behind the messages' values stands what their bits add up to.
        int version = Broadcast.Version + 1, length = sum.Length - (adaptive is null ? 0 : 1);
        float[] mean = new float[length];
        using var draws = secret.Of(version, sum.Values);
        released.Write(sum.Slice(0, length), new Release(version, messages, clip), draws,
            MemoryMarshal.Cast<float, long>(memory.AsSpan(OwnMemoryLength(plan, layout, optimizer))), mean);
        NextClip = adaptive?.Next(clip, released.ShareWithin(sum.Slice(length, 1), messages, draws));
        return mean;
    }

    (float[] Mean, double[] Cover) Average(ExactSum sum, IReadOnlyList<double> weights)
    {
        if (models.Count == 1)
        {
            var all = new float[sum.Length];
            sum.DivideInto(weights[0], all);
            return (all, []);
        }

        var (mean, cover) = (new float[layout.Length], new double[layout.Length]);
        models.Average(sum, weights, Broadcast.Version, mean, cover);
        return (mean, cover);
    }

    ReadOnlyMemory<float> Sliced(float[] whole, int capacity, int version)
    {
        if (capacity == 0)
            return whole;
        var slice = models[capacity].SliceAt(version);
        var part = new float[slice.Part.Length];
        slice.Gather<float>(whole, part);
        return part;
    }

    /// <summary>
    /// Lets go of what is not needed before the next version is made: its owner has exact values and memory on a disk.
    /// </summary>
    public void Rest() => (exact, memory) = ([], []);

    /// <summary>Takes exact values and memory back.</summary>
    /// <param name="keptExact">As <see cref="Exact"/> was; the model's from now on.</param>
    /// <param name="keptMemory">As <see cref="Memory"/> was; the model's from now on.</param>
    public void Wake(float[] keptExact, float[] keptMemory)
    {
        ArgumentNullException.ThrowIfNull(keptExact);
        ArgumentNullException.ThrowIfNull(keptMemory);
        if (keptExact.Length != published || keptMemory.Length != MemoryLengthOf(plan, layout, optimizer))
            throw new ArgumentException(
                $"{published} values are published and {MemoryLengthOf(plan, layout, optimizer)} remembered, but there are "
                    + $"{keptExact.Length} and {keptMemory.Length}.", nameof(keptExact));
        (exact, memory) = (keptExact, keptMemory);
    }

    /// <summary>Goes back to where an earlier run stopped.</summary>
    /// <param name="keptExact">As <see cref="Exact"/> was.</param>
    /// <param name="keptMemory">As <see cref="Memory"/> was.</param>
    /// <param name="kept">What was kept of each capacity's broadcast.</param>
    public void Restore(float[] keptExact, float[] keptMemory, IReadOnlyList<KeptBroadcast> kept)
    {
        Wake(keptExact, keptMemory);
        foreach (var (broadcast, one) in Broadcasts.Zip(kept))
            broadcast.Restore(one);
    }
}
