using Plume.Compression.Randomness;
using Plume.Federation.Labels;
using Plume.Federation.Learners;

namespace Plume.Simulation.Tests;

// Clients with models of their own, and a student: each a regression, taught by labels on points that all have.
sealed partial class Blobs : IPredictor, IStudent
{
    /// <summary>Whether clients have models of their own.</summary>
    public bool Predicts { get; init; }

    public IPredictor? Predictor => Predicts ? this : null;

    public PublicSet Public { get; } = new(90, Classes, 7);

    public LocalOutcome Predict(LocalTask task, PublicLabels taught, ReadOnlySpan<int> asked, Span<float> shares,
        CancellationToken cancellation)
    {
        var model = task.Memory.Span;
        Teach(model, taught, (float)task.Objective.LearningRate);
        double loss = 0;
        for (int sample = 0; sample < samples; sample++)
            loss += Step(model, Point(task.Client, sample), task with { Received = default });
        Predict(model, asked, shares);
        if (task.Client == Diverging)
            loss = double.NaN;
        return new LocalOutcome(samples, loss / samples);
    }

    public void Learn(Span<float> weights, PublicLabels taught, LocalObjective objective, RandomKey key)
    {
        for (int epoch = 0; epoch < objective.Epochs; epoch++)
            Teach(weights, taught, (float)objective.LearningRate);
    }

    public void Predict(ReadOnlySpan<float> weights, ReadOnlySpan<int> samples, Span<float> shares)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            double[] said = Shares(weights, PublicPoint(samples[i]));
            for (int k = 0; k < Classes; k++)
                shares[i * Classes + k] = (float)said[k];
        }
    }

    void Teach(Span<float> model, PublicLabels taught, float rate)
    {
        for (int i = 0; i < taught.Count; i++)
        {
            float[] x = PublicPoint(taught.Samples.Span[i]);
            double[] said = Shares(model, x);
            for (int k = 0; k < Classes; k++)
                Move(model, k, (float)(said[k] - taught.Shares.Span[i * Classes + k]) * rate, x);
        }
    }

    float[] PublicPoint(int sample) => Point(clients + 1, sample).X;
}
