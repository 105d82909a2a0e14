using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Federation.Methods;
using Plume.Federation.Privacy.Draws;
using Plume.Federation.Rounds;
using Plume.Federation.SecureSums;

namespace Plume.Federation.SecureRounds;

/// <summary>
/// One attempt at a round whose updates are added up in secret: the codec with the round's numbers, the words of an update, and
/// the update of a sum of words.
/// </summary>
/// <remarks>Both ends make it of what both know: the plan, the round, and what was published.</remarks>
public sealed class SecureRound
{
    /// <summary>Share of a roster that may vanish during a sum.</summary>
    public const double DropOut = 0.3;

    readonly MessageWords words;
    readonly MessageDecoder decoder;
    readonly MessageShape shape;
    readonly ReadOnlyMemory<float> reference;
    readonly NoiseShare? share;
    readonly SkellamNoise? noise;
    readonly int last;
    readonly bool counts;

    /// <summary>An attempt at a round.</summary>
    /// <param name="task">What its participants are told.</param>
    /// <param name="method">How the federation learns.</param>
    /// <param name="uplink">The uplink's codec, as the plan has it.</param>
    /// <param name="layout">The server's model.</param>
    /// <param name="published">What was published: clients who have something else share no mask with the others.</param>
    /// <exception cref="ArgumentException">The task is none that an update can be made by.</exception>
    public SecureRound(SecureTask task, Method method, Codec uplink, ModelLayout layout, ReadOnlySpan<float> published)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(uplink);
        Task = task;
        share = NoiseShare.Of(task, uplink);
        noise = share is null ? null : new SkellamNoise(share.Variance);
        Uplink = uplink.ForRound(task.Step, task.Participants.Count, share?.Norm, share?.Deviation);
        shape = method.Answer(layout, Uplink);
        reference = shape.UsesReference ? method.Reference(layout, published.ToArray()) : default;
        (words, decoder) = (new MessageWords(shape, reference), new MessageDecoder(shape));
        counts = method.CountedBits is not null;
        last = SharedStep.QuantizerOf(Uplink).Last;
        // What would tell more than noise hides is not in the sum.
        var figures = share is null ? [new WordSection(SumFigures.Words, SumFigures.Bits)] : Array.Empty<WordSection>();
        var sections = words.Runs.Select(each => new WordSection(each.Count, each.Bits)).Concat(figures);
        Terms = new SumTerms(ContextOf(method, published), new SumShape([.. sections]), task.Participants.Count,
            NoiseShare.MinimumOf(task.Quorum), DropOut)
        {
            SignatureBytes = task.IsSigned ? PinnedIdentity.Bytes : 0,
        };
    }

    /// <summary>The rounds of the groups of an attempt, each of the model of its clients' capacity.</summary>
    /// <param name="tasks">What the participants of each are told.</param>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="layout">The server's model.</param>
    /// <param name="published">What was published to clients of a capacity.</param>
    public static IReadOnlyList<SecureRound> AllOf(IEnumerable<SecureTask> tasks, FederationPlan plan, ModelLayout layout,
        Func<int, ReadOnlyMemory<float>> published)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(published);
        var models = plan.ModelsOf(layout);
        return [.. tasks.Select(task => Of(task, plan.Method.CapacityOf(task.Participants[0])))];

        SecureRound Of(SecureTask task, int capacity) =>
            new(task, plan.Method, plan.Uplink, models[capacity].Layout, published(capacity).Span);
    }

    /// <summary>What its participants are told.</summary>
    public SecureTask Task { get; }

    /// <summary>The uplink's codec with the round's numbers.</summary>
    public Codec Uplink { get; }

    /// <summary>What clients draw alike: positions and rotation.</summary>
    public RandomKey Shared => Task.Shared;

    /// <summary>What all agree on.</summary>
    public SumTerms Terms { get; }

    /// <summary>What its clients keep to and add where they add noise; null where they add none.</summary>
    internal NoiseShare? Noise => share;

    /// <summary>
    /// Why what clients send by a plan cannot be added up in secret, or not with noise; null where it can, or where the uplink is
    /// another.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="layout">The server's model.</param>
    public static string? Misfit(FederationPlan plan, ModelLayout layout) =>
        SecureUplink.Misfit(plan, layout) ?? NoiseShare.Misfit(plan, layout);

    /// <summary>The step of the first round.</summary>
    /// <param name="plan">The federation's rules.</param>
    /// <param name="layout">The server's model.</param>
    /// <param name="usualNorm">The norm that counts as usual before the first round; a clip in the uplink bounds it.</param>
    public static float FirstStep(FederationPlan plan, ModelLayout layout, double usualNorm)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Privacy is not null)
            return NoiseShare.StepOf(plan, layout);
        if (plan.Method.CountedBits is not null)
            return 1;
        var codec = plan.Uplink;
        double norm = codec.Stages.OfType<Clip>().Select(clip => clip.Norm).Append(usualNorm).Min();
        double grown = codec.Remembers ? 1 : 1 / SharedStep.ShareSent(codec);
        return SharedStep.First(grown * norm / Math.Sqrt(Math.Max(1, plan.Answer(layout).Length)),
            SharedStep.QuantizerOf(codec).Bits);
    }

    /// <summary>The step of the round after it: the same where clients add noise, and where whole numbers are counted.</summary>
    /// <param name="sum">What it brought.</param>
    public float NextStep(RevealedSum sum)
    {
        ArgumentNullException.ThrowIfNull(sum);
        return NextStep(sum.Fill);
    }

    /// <summary>The same, of the mean reach of levels.</summary>
    /// <param name="fill">The root mean square of levels, as a share of the outermost.</param>
    public float NextStep(double fill) => share is not null || counts ? Task.Step
        : SharedStep.Next(SharedStep.QuantizerOf(Uplink).SharedStep!.Value, fill, SharedStep.QuantizerOf(Uplink).Bits);

    /// <summary>The weight that counts for a wanted one, which an update is multiplied by before it is encoded.</summary>
    public static double WeightOf(double wanted) => SumFigures.Weight(wanted);

    /// <summary>
    /// A client's payload with its share of noise on every level; as it is where the round's clients add none. Once for an
    /// update, however often it is masked: two sums of one update with different noise would tell twice as much.
    /// </summary>
    /// <param name="payload">Its update by <see cref="Uplink"/>.</param>
    /// <param name="key">32 bytes that nobody else knows, and that nothing else is drawn from.</param>
    public byte[] WithNoise(byte[] payload, byte[] key)
    {
        ArgumentNullException.ThrowIfNull(payload);
        ArgumentNullException.ThrowIfNull(key);
        if (noise is null)
            return payload;
        uint[] levels = words.Read(payload);
        noise.AddTo(levels, key);
        return words.Write(levels);
    }

    /// <summary>A key of noise that is none: that of a simulation, whose bits follow from its seed.</summary>
    /// <param name="task">The client's task.</param>
    public static byte[] SimulatedNoise(RandomKey task) =>
        SHA256.HashData([.. "plume simulated client noise"u8, .. BitConverter.GetBytes(task.Fold("noise").Value)]);

    /// <summary>What a client adds to the sum: of a round with noise its levels alone.</summary>
    /// <param name="payload">Its update times its weight, by <see cref="Uplink"/>, and <see cref="WithNoise"/>.</param>
    /// <param name="weight">Its weight, by <see cref="WeightOf"/>.</param>
    /// <param name="loss">Its training loss.</param>
    public uint[] WordsOf(ReadOnlySpan<byte> payload, double weight, double loss)
    {
        uint[] levels = words.Read(payload);
        if (share is not null)
            return levels;
        var all = new uint[levels.Length + SumFigures.Words];
        levels.CopyTo(all, 0);
        double squares = 0;
        int start = 0;
        foreach (var (count, bits) in words.Runs)
        {
            foreach (uint word in levels.AsSpan(start, count))
            {
                double level = (int)(word << (32 - bits)) >> (32 - bits);
                squares += level * level;
            }

            start += count;
        }

        SumFigures.Write(all.AsSpan(levels.Length), weight, loss, Math.Sqrt(squares / Math.Max(1, levels.Length)) / last);
        return all;
    }

    /// <summary>What a sum of such words tells.</summary>
    /// <param name="sum">The words, added up.</param>
    /// <param name="clients">Of how many clients.</param>
    /// <exception cref="SumLostException">It can be no sum of that many.</exception>
    public RevealedSum Reveal(ReadOnlySpan<uint> sum, int clients)
    {
        var (weight, loss, fill) = share is not null ? (clients, 0, 0)
            : SumFigures.Read(sum[^SumFigures.Words..], clients);
        var levels = share is not null ? sum : sum[..^SumFigures.Words];
        var values = new float[shape.Length];
        try
        {
            decoder.Decode(words.Write(levels), values, Shared, reference);
        }
        catch (InvalidPayloadException invalid)
        {
            throw new SumLostException($"The sum is no update: {invalid.Message}", invalid);
        }

        return new RevealedSum(values, weight, loss, fill);
    }

    byte[] ContextOf(Method method, ReadOnlySpan<float> published)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"plume round 2\n{method}\n{Uplink}\n{Task.Text}"));
        hash.AppendData(MemoryMarshal.AsBytes(published));
        return hash.GetHashAndReset();
    }
}
