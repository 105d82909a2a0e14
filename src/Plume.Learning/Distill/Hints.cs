using Plume.Learning.Execution;
using Plume.Learning.Native;
using Plume.Learning.Training;
using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Distill;

/// <summary>A pair of tensors inside the two graphs that ought to be alike.</summary>
/// <param name="Student">Name of the value in the student.</param>
/// <param name="Teacher">Name of the value in the teacher.</param>
/// <param name="Weight">Factor of its loss.</param>
public sealed record Hint(string Student, string Teacher, double Weight = 1);

/// <summary>
/// The loss of hints. Values of one shape: the mean squared difference over the mean square of the teacher's. Maps of
/// one height and width but different channels: their attention maps, the sum of squares over channels, each scaled to
/// norm 1. Sources: Romero et al., "FitNets", 2014, arXiv:1412.6550, without its regressor; Zagoruyko and Komodakis,
/// "Paying More Attention to Attention", 2016, arXiv:1612.03928.
/// </summary>
/// <remarks>The teacher runs beside the student in every step: its inner values are too many to be kept.</remarks>
public sealed class Hints(ModelGraph teacher, IReadOnlyList<Hint> pairs) : IDisposable
{
    readonly IdleExecutors executors = new(teacher);

    /// <summary>The loss of all pairs for the batch that the student has just been run on.</summary>
    /// <exception cref="ArgumentException">A graph lacks the value, or the two shapes cannot be compared.</exception>
    internal Tensor Loss(TrainingBatch batch)
    {
        var executor = executors.Take();
        try
        {
            executor.Logits(batch.Features);
            return pairs.Select(pair => Distance(pair, batch.Executor.Value(pair.Student), executor.Value(pair.Teacher))
                * pair.Weight).Aggregate((sum, next) => sum.Plus(next));
        }
        finally
        {
            executors.Return(executor);
        }
    }

    static Tensor Distance(Hint pair, Tensor student, Tensor towards)
    {
        if (student.shape.SequenceEqual(towards.shape))
            return (student - towards).square().mean() / towards.square().mean().AtLeast(1e-12);
        if (student.dim() == 4 && towards.dim() == 4
            && student.shape[2] == towards.shape[2] && student.shape[3] == towards.shape[3])
            return (Attention(student) - Attention(towards)).square().sum(1).mean();
        throw new ArgumentException(
            $"The hint compares '{pair.Student}' [{string.Join(", ", student.shape)}] of the student with '{pair.Teacher}' "
                + $"[{string.Join(", ", towards.shape)}] of the teacher; " +
            $"both must have one shape, or be maps of the same height and width.");
    }

    static Tensor Attention(Tensor map)
    {
        var energy = map.square().sum(1).flatten(1);
        return energy / energy.square().sum(1, keepdim: true).sqrt().AtLeast(1e-12);
    }

    /// <inheritdoc/>
    public void Dispose() => executors.Dispose();
}
