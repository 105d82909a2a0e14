using Plume.Learning.Native;
using Plume.Learning.Training;
using static TorchSharp.torch;

namespace Plume.Learning.Distill;

/// <summary>
/// Learning from a teacher: (1 - a) * cross-entropy with the labels + a * T^2 * KL(teacher || student), both softened by
/// the temperature T. T^2 keeps the gradient of the second part as large as it is at T = 1. With a = 1 no label counts.
/// Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv:1503.02531.
/// </summary>
/// <param name="Teacher">The teacher's scores for the set that the student trains on.</param>
/// <param name="Temperature">T, above 0; it may change while training.</param>
/// <param name="Alpha">a, the teacher's share, 0 to 1; it may change while training.</param>
public sealed record Distillation(SoftLabels Teacher, Ramp Temperature, Ramp Alpha) : ITrainingObjective
{
    /// <summary>T over the training.</summary>
    public Ramp Temperature { get; } = Temperature is { Start: > 0, End: > 0 }
        ? Temperature
        : throw new ArgumentOutOfRangeException(nameof(Temperature), Temperature,
            $"A temperature must be above 0, but is {Temperature}.");

    /// <summary>The teacher's share over the training.</summary>
    public Ramp Alpha { get; } = Alpha is { Start: >= 0 and <= 1, End: >= 0 and <= 1 }
        ? Alpha
        : throw new ArgumentOutOfRangeException(nameof(Alpha), Alpha,
            $"The teacher's share alpha must be 0 to 1, but is {Alpha}.");

    /// <summary>Tensors inside the student that are pulled towards tensors inside the teacher; none by default.</summary>
    public Hints? Hints { get; init; }

    /// <inheritdoc/>
    /// <exception cref="MisfitException">The student tells another number of classes apart than the teacher.</exception>
    public Tensor Loss(TrainingBatch batch)
    {
        if (batch.Logits.shape is not [_, var classes] || classes != Teacher.Classes)
            throw new MisfitException(
                $"The student gives scores of shape [{string.Join(", ", batch.Logits.shape)}], but its teacher tells "
                    + $"{Teacher.Classes} classes apart.");
        var loss = Mixed(batch.Logits, Teacher.Take(batch.Samples.Span), batch.Labels, Temperature.At(batch.Progress),
            Alpha.At(batch.Progress));
        return Hints is null ? loss : loss.Plus(Hints.Loss(batch));
    }

    /// <summary>(1 - a) * cross-entropy + a * T^2 * KL, the mean over the samples.</summary>
    internal static Tensor Mixed(Tensor student, Tensor teacher, Tensor labels, double temperature, double alpha)
    {
        var soft = Softened(student, teacher, temperature) * alpha;
        return alpha < 1 ? soft.Plus(nn.functional.cross_entropy(student, labels) * (1 - alpha)) : soft;
    }

    /// <summary>T^2 * KL(softmax(teacher / T) || softmax(student / T)), the mean over the samples.</summary>
    internal static Tensor Softened(Tensor student, Tensor teacher, double temperature)
    {
        var towards = nn.functional.log_softmax(teacher / temperature, 1);
        var divergence = (towards.exp() * (towards - nn.functional.log_softmax(student / temperature, 1))).sum(1).mean();
        return divergence * (temperature * temperature);
    }
}
