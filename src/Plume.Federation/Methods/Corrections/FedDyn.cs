using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Lines;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Federation.Methods.Corrections;

/// <summary>
/// Dynamic regularization: each client adds a linear and a quadratic term to its loss, by which the optima of all clients come to
/// be that of their mean. No byte more travels than in averaging.
/// </summary>
/// <remarks>
/// Client: minimizes f_k(t) - g_k * t + (Strength / 2) * ||t - x||^2; then g_k -= Strength * (t - x). Server: h -= Strength *
/// (participants / clients) * mean(t - x), and its optimizer takes mean(t - x) - h / Strength. A float a weight is remembered by
/// the server and by each client. Running statistics take the plain mean. Differs from the paper: means are weighted by samples
/// as in averaging. Source: Acar et al., "Federated Learning Based on Dynamic Regularization", ICLR 2021, arXiv:2111.04263,
/// algorithm 1.
/// </remarks>
public sealed record FedDyn : Method, INotatedMethod<FedDyn>
{
    /// <summary>Dynamic regularization.</summary>
    /// <param name="strength">Its strength, alpha in the paper, above 0: 0.01 to 0.1 as a rule.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0 and finite.</exception>
    public FedDyn(double strength = DefaultStrength) => Strength = double.IsFinite(strength) && strength > 0
        ? strength
        : throw new ArgumentOutOfRangeException(nameof(strength), strength, "It must be above 0 and finite.");

    const double DefaultStrength = 0.05;

    /// <summary>How strongly clients are held together.</summary>
    public double Strength { get; }

    static string INotatedMethod<FedDyn>.Keyword => "feddyn";

    private protected override string Word => "feddyn";

    private protected override IEnumerable<string> Arguments => Strength == DefaultStrength ? []
        : [Strength.ToString("R", CultureInfo.InvariantCulture)];

    static FedDyn INotatedMethod<FedDyn>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("strength") is not { } argument)
            return new FedDyn();
        double strength = arguments.Number(argument, argument.Text);
        return strength > 0 ? new FedDyn(strength) : throw arguments.Error(argument.Column, $"'{argument.Text}' must be above 0");
    }

    /// <inheritdoc/>
    public override int ServerMemoryLength(ModelLayout layout) => ClientMemoryLength(layout);

    /// <inheritdoc/>
    public override int ClientMemoryLength(ModelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return layout.Length;
    }

    /// <inheritdoc/>
    public override LocalOutcome Work(ILearner learner, LocalTask task, Span<float> memory, Span<float> message,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        var correction = new float[memory.Length];
        TensorPrimitives.Negate(memory, correction);
        return base.Work(learner, task with { Correction = correction, Objective = task.Objective with { Proximal = Strength } },
            memory, message, cancellation);
    }

    /// <inheritdoc/>
    public override void Remember(ReadOnlySpan<float> message, Span<float> memory) => Regularize(message, Strength, memory);

    /// <inheritdoc/>
    public override void Next(ServerState state, RoundMean round)
    {
        Regularize(round.Values, Strength * round.Contributors / round.Clients, state.Memory);
        var change = round.Values.ToArray();
        foreach (var tensor in state.Layout.Tensors.Where(tensor => tensor.Role != TensorRole.Statistic))
        {
            for (int i = tensor.Offset; i < tensor.Offset + tensor.Length; i++)
                change[i] -= (float)(state.Memory[i] / Strength);
        }

        state.Step(change);
    }

    /// <inheritdoc/>
    public override string? Misfit(ILearner learner) => CorrectionsMissing(learner);

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(LearningPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.Objective.Proximal > 0)
            yield return $"'{this}' has a proximal term of its own; leave the one of {plan.Objective.Proximal} out.";
    }

    // Product and difference are rounded apart, so that every instruction set gives the same bits.
    static void Regularize(ReadOnlySpan<float> update, double strength, Span<float> memory)
    {
        for (int i = 0; i < memory.Length; i++)
        {
            float pull = (float)(strength * update[i]);
            memory[i] -= pull;
        }
    }
}
