using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Codecs;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Exchanges;

/// <summary>
/// Learns which of a network's random weights live, and no weight: each has the probability that it does. A client learns scores
/// by drawing a mask at every step, and sends one drawn bit a weight; the probability becomes the share of clients whose bit is
/// set.
/// </summary>
/// <remarks>
/// Weights are +-c with c = e / sqrt(fan-in), their signs drawn from the seed, so that none travels. Client: scores s =
/// logit(0.01 + 0.98 * probability), weights times masks of chance sigmoid(s), the gradient straight through the draw; then a bit
/// of the chance sigmoid(s). Server: the posterior mean of the bits after a Beta(1, 1) prior that is reset each round, which is
/// their mean, one bit a client whatever its samples; its optimizer takes the change (at a learning rate below 1 it remembers
/// what was before). The model has the weights whose probability is a half or more, and zeros. Biases and normalizations stay as
/// they begin; running statistics take the plain mean. Bytes: up, whether a bit differs from the likelier one, by a range coder,
/// the surest first: less than a bit a weight, or by <c>uniform(1, shared) | secure</c> words in which a secure sum counts those
/// that differ, ceil(log2(n + 1)) bits a weight of n clients; down, the probabilities by the downlink (counts of the
/// participants are whole levels of deadzone(abs=1/participants)). Source: Isik et al., "Sparse Random Networks for Communication-Efficient Federated
/// Learning", ICLR 2023, arXiv:2209.15328. Differs from it: the probabilities that travel are quantized, and the model is the
/// most probable one rather than a drawn one.
/// </remarks>
public sealed record Masks : Method, INotatedMethod<Masks>
{
    const double Margin = 0.01;
    const float Even = 0.5f;
    const string Counted = "uniform(1, shared) | secure";

    /// <summary>Masks of the weights of a seed.</summary>
    /// <param name="seed">Where the weights' signs come from; null for the run's seed.</param>
    public Masks(ulong? seed = null) => Seed = seed;

    /// <summary>Where the weights' signs come from.</summary>
    public ulong? Seed { get; private init; }

    static string INotatedMethod<Masks>.Keyword => "masks";

    private protected override string Word => "masks";

    private protected override IEnumerable<string> Arguments => Seed is { } seed
        ? [string.Create(CultureInfo.InvariantCulture, $"seed={seed}")] : [];

    static Masks INotatedMethod<Masks>.Parse(LineArguments arguments)
    {
        if (arguments.Named("seed") is not { } seed)
            return new Masks();
        return ulong.TryParse(seed.Text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? new Masks(value)
            : throw arguments.Error(seed.Column, $"'{seed.Text}' must be an integer from 0");
    }

    /// <inheritdoc/>
    public override Method Seeded(ulong seed) => Seed is null ? this with { Seed = seed } : this;

    /// <inheritdoc/>
    public override bool WeighsSamples => false;

    /// <inheritdoc/>
    public override int? CountedBits => 1;

    /// <inheritdoc/>
    public override MessageShape Answer(ModelLayout layout, Codec uplink) =>
        base.Answer(layout, uplink.IsSecure ? uplink : WholeNumbers.Alone);

    /// <summary>Of a first message in which every second bit differs.</summary>
    public override double UsualNorm(ModelLayout layout, ReadOnlySpan<float> initial)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return Math.Sqrt(Math.Max(1, layout.Length / 2.0));
    }


    /// <summary>All weights are as likely to live as not.</summary>
    public override void Begin(LearningPlan plan, ModelLayout layout, ReadOnlySpan<float> initial, Span<float> published)
    {
        base.Begin(plan, layout, initial, published);
        foreach (var tensor in Masked(layout))
            published.Slice(tensor.Offset, tensor.Length).Fill(Even);
    }

    /// <summary>The weights that are as likely to live as not, or likelier.</summary>
    public override ReadOnlyMemory<float> Model(ModelLayout layout, ReadOnlyMemory<float> published)
    {
        float[] model = base.Model(layout, published).ToArray(), frozen = Frozen(layout);
        foreach (var tensor in Masked(layout))
        {
            for (int i = tensor.Offset; i < tensor.Offset + tensor.Length; i++)
                model[i] = model[i] >= Even ? frozen[i] : 0;
        }

        return model;
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        var layout = learner.Layout;
        float[] scores = task.Received.ToArray();
        foreach (var tensor in Masked(layout))
        {
            foreach (ref float value in scores.AsSpan(tensor.Offset, tensor.Length))
                value = ScoreOf(value);
        }

        var outcome = learner.Train(task with { Received = scores, Masked = Frozen(layout) }, message, cancellation);
        if (double.IsFinite(outcome.Loss))
            Draw(layout, task.Received.Span, task.Key.Fold("mask"), message);
        return outcome;
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        float[] change = round.Values.ToArray();
        foreach (var tensor in Masked(state.Layout))
        {
            var received = state.Received.Slice(tensor.Offset, tensor.Length);
            int[] order = SurestFirst(received);
            for (int i = 0; i < order.Length; i++)
            {
                float differing = round.Values[tensor.Offset + i], share = received[order[i]] >= Even ? 1 - differing : differing;
                change[tensor.Offset + order[i]] = share - state.Weights[tensor.Offset + order[i]];
            }
        }

        state.Step(change);
        foreach (var tensor in Masked(state.Layout))
        {
            foreach (ref float probability in state.Weights.Slice(tensor.Offset, tensor.Length))
                probability = Math.Clamp(probability, 0, 1);
        }
    }

    /// <inheritdoc/>
    public override string? Misfit(ILearner learner)
    {
        ArgumentNullException.ThrowIfNull(learner);
        if (!Masked(learner.Layout).Any())
            return "The learner's model has no weights, of which a mask could be learned.";
        return learner.LearnsMasks ? null
            : "The learner must learn masks of frozen weights, which this one does not: use one that does, or exchange 'updates'.";
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Uplink.IsSecure)
        {
            if (plan.Uplink.Stages is not [Uniform { Bits: 1, Stochastic: false }, Secure])
                yield return $"'{this}' sends bits, of which a secure sum counts those that are set, so that '{plan.Uplink}' has more "
                    + $"to do than there is; write '{Counted}'.";
        }
        else if (plan.Uplink != Codec.Floats)
            yield return $"'{this}' sends bits by a coder of its own, so that the uplink '{plan.Uplink}' has nothing to do; "
                + $"leave it out, or write '{Counted}' for a secure sum.";
        if (plan.Objective.WeightDecay > 0)
            yield return $"'{this}' trains scores, of which no decay makes a model smaller; leave the weight decay of "
                + $"{plan.Objective.WeightDecay} out.";
    }

    /// <summary>The score of a probability: the logarithm of its odds, after it was moved off 0 and 1.</summary>
    public static float ScoreOf(float probability)
    {
        double inside = Margin + (1 - 2 * Margin) * Math.Clamp(probability, 0f, 1f);
        return (float)Math.Log(inside / (1 - inside));
    }

    /// <summary>The weights before any mask, one for each value of the layout; zeros where there are none.</summary>
    public float[] Frozen(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        var key = RandomKey.FromSeed(Seed ?? 0).Fold("frozen");
        var frozen = new float[layout.Length];
        foreach (var tensor in Masked(layout))
        {
            float size = (float)(Math.E / Math.Sqrt((double)tensor.Length / tensor.Outputs));
            var own = key.Fold(tensor.Name);
            for (int i = 0; i < tensor.Length; i++)
                frozen[tensor.Offset + i] = (own.Bits((ulong)i) & 1) == 0 ? size : -size;
        }

        return frozen;
    }

    // In place of scores: whether the bit that is drawn differs from the likelier one, in the order that both ends know.
    static void Draw(ModelLayout layout, ReadOnlySpan<float> received, RandomKey key, Span<float> message)
    {
        foreach (var tensor in layout.Tensors)
        {
            var values = message.Slice(tensor.Offset, tensor.Length);
            var probabilities = received.Slice(tensor.Offset, tensor.Length);
            if (tensor.Role == TensorRole.Statistic)
                TensorPrimitives.Subtract(values, probabilities, values);
            else if (tensor.Role != TensorRole.Weight)
                values.Clear();
            if (tensor.Role != TensorRole.Weight)
                continue;

            float[] scores = values.ToArray();
            var draws = new RandomDraws(key.Fold(tensor.Name));
            for (int i = 0; i < scores.Length; i++)
                scores[i] = draws.NextDouble() < 1 / (1 + Math.Exp(-scores[i])) == probabilities[i] >= Even ? 0 : 1;
            int[] order = SurestFirst(probabilities);
            for (int i = 0; i < order.Length; i++)
                values[i] = scores[order[i]];
        }
    }

    static int[] SurestFirst(ReadOnlySpan<float> probabilities)
    {
        var keys = new (float Doubt, int Place)[probabilities.Length];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = (-Math.Abs(probabilities[i] - Even), i);
        Array.Sort(keys);
        return Array.ConvertAll(keys, key => key.Place);
    }

    static IEnumerable<TensorSpec> Masked(ModelLayout layout) =>
        layout.Tensors.Where(tensor => tensor.Role == TensorRole.Weight && tensor.Length > 0);
}
