using System.Globalization;
using Plume.Compression.Codecs;
using Plume.Compression.Lines;
using Plume.Compression.Messages;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Corrections;

/// <summary>
/// Extrapolates the server's step: the more single updates point apart, the shorter their mean is beside them, and the further
/// the model is moved along it.
/// </summary>
/// <remarks>
/// Server: its optimizer takes max(1, sum of p_k * ||update_k||^2 / (2 * (||mean||^2 + Epsilon))) times the mean, p_k a client's
/// share of the weights. Running statistics take the plain mean, and count for no norm.
/// Bytes: those of averaging and one float up, a small number down that seldom changes. Nobody remembers anything.
/// Clients measure their updates before the codec: an unbiased codec's noise can make steps shorter, never longer. A codec that
/// drops values would make them longer, and is refused.
/// Differs from the paper: the last model is measured and shipped, not the mean of the last two; norms are weighted by samples as
/// means are. Source: Jhunjhunwala, Wang, Joshi, "FedExP: Speeding Up Federated Averaging via Extrapolation", ICLR 2023,
/// arXiv:2301.09604.
/// </remarks>
public sealed record FedExp : Method, INotatedMethod<FedExp>
{
    const string Square = "square";
    const double DefaultEpsilon = 1e-3;

    /// <summary>Extrapolation.</summary>
    /// <param name="epsilon">What is added to the squared norm of the mean, above 0: it keeps steps short once updates
    /// are.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0 and finite.</exception>
    public FedExp(double epsilon = DefaultEpsilon) => Epsilon = double.IsFinite(epsilon) && epsilon > 0
        ? epsilon
        : throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "It must be above 0 and finite.");

    /// <summary>What is added to the squared norm of the mean.</summary>
    public double Epsilon { get; }

    static string INotatedMethod<FedExp>.Keyword => "fedexp";

    private protected override string Word => "fedexp";

    private protected override IEnumerable<string> Arguments => Epsilon == DefaultEpsilon ? []
        : [Epsilon.ToString("R", CultureInfo.InvariantCulture)];

    static FedExp INotatedMethod<FedExp>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("epsilon") is not { } argument)
            return new FedExp();
        double epsilon = arguments.Number(argument, argument.Text);
        return epsilon > 0 ? new FedExp(epsilon) : throw arguments.Error(argument.Column, $"'{argument.Text}' must be above 0");
    }

    /// <inheritdoc/>
    public override MessageShape Published(ModelLayout layout, Codec downlink) =>
        new(new MessagePart(Weights, layout, downlink), Figure.Published(Square, 1));

    /// <inheritdoc/>
    public override MessageShape Answer(ModelLayout layout, Codec uplink) =>
        new(new MessagePart(Update, layout, uplink), Figure.Answered(Square));

    /// <inheritdoc/>
    public override void Begin(ReadOnlySpan<float> initial, Span<float> published)
    {
        initial.CopyTo(published);
        published[initial.Length] = Figure.FirstUnit(initial);
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(learner);
        ArgumentNullException.ThrowIfNull(task);
        int length = learner.Layout.Length;
        var outcome = base.Work(learner, task with { Received = task.Received[..length] }, memory, message[..length],
            cancellation);
        float unit = task.Received.Span[length];
        if (double.IsFinite(outcome.Loss))
            message[length] = Figure.In(unit, Math.ScaleB(Figure.SquaresOf(learner.Layout, message), -2 * (int)unit));
        return outcome;
    }

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        int length = state.Layout.Length;
        ref float unit = ref state.Published[length];
        var change = round.Values[..length].ToArray();
        double ofMean = Figure.SquaresOf(state.Layout, change);
        double ofSingle = Math.ScaleB(Figure.Of(unit, round.Values[length]), 2 * (int)unit);
        float step = (float)Math.Max(1, ofSingle / (2 * (ofMean + Epsilon)));
        ScaleLearned(state.Layout, change, step);
        state.Step(change);
        unit = Figure.UnitFor(2 * Math.Sqrt(ofMean), unit);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Uplink.Selects)
            yield return $"'{this}' compares updates with their mean, which an uplink that drops values makes too short: steps "
                + $"would be too long. Use one that keeps all, such as 'feedback | lowrank | deadzone(abs=0.003) | range', or "
                + $"train by 'averaging'.";
    }
}
