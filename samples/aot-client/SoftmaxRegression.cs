using System.Globalization;
using System.Numerics.Tensors;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Samples.AotClient;

/// <summary>Softmax regression by stochastic gradient descent on samples of a file.</summary>
sealed class SoftmaxRegression : ILearner
{
    readonly (int Label, float[] Features)[] samples;
    readonly TensorSpec weight;
    readonly TensorSpec bias;

    public SoftmaxRegression(ModelLayout layout, string path)
    {
        Layout = layout;
        if (layout.Tensors is not [{ Shape: [var classes, var features] } first, { Shape: [var biases] } second]
            || classes != biases)
            throw new InvalidDataException(
                $"Softmax regression needs a weight [classes, features] and a bias [classes], but the federation has "
                    + $"{string.Join(", ", layout.Tensors)}.");
        (weight, bias) = (first, second);
        samples = [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => Parse(line, classes, features))];
    }

    public ModelLayout Layout { get; }

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        task.Received.Span.CopyTo(trained);
        var draws = new RandomDraws(task.Key);
        int[] order = [.. Enumerable.Range(0, samples.Length)];
        var gradient = new float[trained.Length];
        double loss = 0;
        for (int epoch = 0; epoch < task.Objective.Epochs; epoch++)
        {
            Shuffle(order, ref draws);
            loss = 0;
            foreach (int[] batch in order.Chunk(task.Objective.BatchSize))
            {
                cancellation.ThrowIfCancellationRequested();
                Array.Clear(gradient);
                foreach (int sample in batch)
                    loss += AddGradient(trained, samples[sample], gradient);
                float step = (float)task.Objective.LearningRate / batch.Length;
                TensorPrimitives.MultiplyAdd(gradient, -step, trained, trained);
            }
        }

        return new LocalOutcome(samples.Length, loss / samples.Length);
    }

    // The loss of one sample, and its gradient.
    double AddGradient(ReadOnlySpan<float> model, (int Label, float[] Features) sample, Span<float> gradient)
    {
        int features = sample.Features.Length;
        var shares = new float[bias.Length];
        for (int k = 0; k < shares.Length; k++)
            shares[k] = TensorPrimitives.Dot(model.Slice(weight.Offset + k * features, features), sample.Features)
                + model[bias.Offset + k];
        TensorPrimitives.SoftMax<float>(shares, shares);
        for (int k = 0; k < shares.Length; k++)
        {
            float slope = shares[k] - (k == sample.Label ? 1 : 0);
            var row = gradient.Slice(weight.Offset + k * features, features);
            TensorPrimitives.MultiplyAdd(sample.Features, slope, row, row);
            gradient[bias.Offset + k] += slope;
        }

        return -Math.Log(Math.Max(shares[sample.Label], float.Epsilon));
    }

    static void Shuffle(int[] order, ref RandomDraws draws)
    {
        for (int left = order.Length; left > 1; left--)
        {
            int other = draws.NextInt(left);
            (order[left - 1], order[other]) = (order[other], order[left - 1]);
        }
    }

    static (int, float[]) Parse(string line, int classes, int features)
    {
        string[] cells = line.Split(',');
        int label = int.Parse(cells[0], CultureInfo.InvariantCulture);
        if (cells.Length != features + 1 || label < 0 || label >= classes)
            throw new InvalidDataException(
                $"A line must be a label from 0 to {classes - 1} and {features} features, but is '{line}'.");
        return (label, [.. cells.Skip(1).Select(cell => float.Parse(cell, CultureInfo.InvariantCulture))]);
    }
}
