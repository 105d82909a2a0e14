using System.Runtime.InteropServices;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Learning.Data;
using Plume.Learning.Execution;
using Plume.Learning.Native;
using Plume.Learning.Training;
using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Leaks;

/// <summary>
/// Looks for the sample whose gradient points the way an update does: from random values, by signed steps down the cosine
/// distance of the two and the total variation of the sample.
/// </summary>
/// <remarks>
/// For any model, of a client with one sample; further local steps blur what is found. The label is given: of one sample the
/// last layer's bias gives it away (Zhao, Mopuri, Bilen, "iDLG", 2020, arXiv:2001.02610).
/// Source: Geiping, Bauermeister, Dröge, Moeller, "Inverting Gradients - How easy is it to break privacy in federated
/// learning?", 2020, arXiv:2003.14053, equation 4. Differs from it: fewer steps, one start, a step size that falls along half a
/// cosine.
/// </remarks>
public sealed class GradientInversion : IDisposable
{
    const double FirstStep = 0.05;
    const double Variation = 1e-3;
    const double Least = 1e-12;

    readonly IdleExecutors executors;
    readonly TensorSpec[] learned;
    readonly LabeledSet set;
    readonly KnownSamples known;
    readonly int steps;

    /// <summary>For a graph.</summary>
    /// <param name="graph">The model; its weights only shape the layout.</param>
    /// <param name="set">Samples of the shape that is looked for.</param>
    /// <param name="known">What anybody knows of samples: the values that they have.</param>
    /// <param name="steps">How many steps are made.</param>
    /// <exception cref="UnsupportedOperatorException">The graph cannot be run.</exception>
    public GradientInversion(ModelGraph graph, LabeledSet set, KnownSamples known, int steps = 1000)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        (this.set, this.known, this.steps) = (set, known, steps);
        learned = [.. graph.Weights.Tensors.Where(tensor => tensor.Role != TensorRole.Statistic)];
        executors = new IdleExecutors(graph);
        executors.Return(executors.Take());
    }

    /// <summary>The sample that is found. Calls may come from several threads.</summary>
    /// <param name="model">The model that the update starts from.</param>
    /// <param name="update">What the model changed by; its scale does not matter.</param>
    /// <param name="label">The sample's class.</param>
    /// <param name="key">Where the first values come from.</param>
    public float[] Invert(ReadOnlySpan<float> model, ReadOnlySpan<float> update, int label, RandomKey key)
    {
        var executor = executors.Take();
        try
        {
            executor.SetWeights(model);
            return Invert(executor, update, label, key);
        }
        finally
        {
            executors.Return(executor);
        }
    }

    float[] Invert(GraphExecutor executor, ReadOnlySpan<float> update, int label, RandomKey key)
    {
        using var scope = NewDisposeScope();
        long[] shape = [1, .. set.SampleShape.Select(length => (long)length)];
        var sample = tensor(Begun(key)).view(shape).requires_grad_(true);
        var labels = tensor([(long)label]);
        var weights = learned.Select(spec => executor.Value(spec.Name)).ToArray();
        var pulls = Pulls(update);
        for (int step = 0; step < steps; step++)
        {
            using var inner = NewDisposeScope();
            var cost = Cost(executor, sample, labels, weights, pulls);
            var slope = autograd.grad([cost], [sample])[0];
            using var gradientless = no_grad();
            double size = FirstStep * (known.High - known.Low) * (0.5 + 0.5 * Math.Cos(Math.PI * step / steps));
            sample.AddInPlace(slope.sign_(), -size).HoldWithin(known.Low, known.High);
        }

        return MemoryMarshal.Cast<byte, float>(sample.detach().contiguous().bytes).ToArray();
    }

    Tensor Cost(GraphExecutor executor, Tensor sample, Tensor labels, Tensor[] weights, Tensor[] pulls)
    {
        var loss = nn.functional.cross_entropy(ClassScores.Of(executor.Differentiable(sample), set), labels);
        var gradients = autograd.grad([loss], weights, create_graph: true, retain_graph: true);
        Tensor along = zeros(1), square = zeros(1);
        for (int i = 0; i < pulls.Length; i++)
        {
            along = along.Plus((gradients[i] * pulls[i]).sum());
            square = square.Plus((gradients[i] * gradients[i]).sum());
        }

        var cost = (along / square.Plus(Least).sqrt()).Plus(1);
        if (set.SampleShape.Count < 2)
            return cost;
        var across = sample.narrow(-1, 1, sample.shape[^1] - 1) - sample.narrow(-1, 0, sample.shape[^1] - 1);
        var down = sample.narrow(-2, 1, sample.shape[^2] - 1) - sample.narrow(-2, 0, sample.shape[^2] - 1);
        return cost.Plus(Variation * across.abs().mean().Plus(down.abs().mean()));
    }

    // Of length one together.
    Tensor[] Pulls(ReadOnlySpan<float> update)
    {
        double squares = 0;
        foreach (var spec in learned)
        {
            foreach (float value in update.Slice(spec.Offset, spec.Length))
                squares += (double)value * value;
        }

        float scale = squares > 0 ? (float)(1 / Math.Sqrt(squares)) : 0;
        var pulls = new Tensor[learned.Length];
        for (int i = 0; i < pulls.Length; i++)
        {
            float[] values = update.Slice(learned[i].Offset, learned[i].Length).ToArray();
            long[] shape = [.. learned[i].Shape.Select(length => (long)length)];
            pulls[i] = tensor(values).view(shape) * scale;
        }

        return pulls;
    }

    float[] Begun(RandomKey key)
    {
        var draws = new RandomDraws(key);
        var values = new float[set.SampleLength];
        for (int i = 0; i < values.Length; i++)
            values[i] = known.Low + (known.High - known.Low) * (float)draws.NextDouble();
        return values;
    }

    /// <inheritdoc/>
    public void Dispose() => executors.Dispose();
}
