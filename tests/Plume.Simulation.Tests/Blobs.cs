using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;

namespace Plume.Simulation.Tests;

/// <summary>
/// Logistic regression in plain C# on points around one centre a class: small enough that thousands of clients run in
/// a test. The weight is wide, with most inputs silent, so that codecs have something to leave out.
/// </summary>
sealed partial class Blobs(int clients, int samples = 12) : ILearner, IEvaluator
{
    public const int Inputs = 300;
    public const int Classes = 3;
    const int Telling = 6;

    public ModelLayout Layout { get; init; } = Plain;

    /// <summary>A matrix and a bias.</summary>
    public static ModelLayout Plain { get; } =
        ModelLayout.Of([("w", [Classes, Inputs], TensorRole.Weight), ("b", [Classes], TensorRole.Bias)]);

    /// <summary>
    /// The same values, named as factors of an adapter are: to the rules of a round it is all the same what they are.
    /// </summary>
    public static ModelLayout Factors { get; } =
        ModelLayout.Of([("w.lora_A", [Classes, Inputs / 2], TensorRole.Weight),
            ("w.lora_B", [Classes, Inputs / 2], TensorRole.Weight), ("b", [Classes], TensorRole.Bias)]);

    public bool TakesCorrections => true;

    public bool KeepsUntrained => true;

    public bool LearnsMasks => true;

    /// <summary>A client whose training diverges.</summary>
    public int? Diverging { get; init; }

    /// <summary>A client that sends its update times a number.</summary>
    public (int Client, float Times)? Lying { get; init; }

    /// <summary>Whether it keeps a model of each client's own, which follows what the client trains and pulls at it.</summary>
    public bool Remembers { get; init; }

    public int MemoryLength => Remembers || Predicts ? Layout.Length : 0;

    public string? Misfit(Teaching teaching) => Remembers ? null : "It remembers nothing.";

    public int StepsFor(LocalTask task) => samples;

    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        if (!task.Masked.IsEmpty)
            return TrainScores(task, trained);
        task.Received.Span.CopyTo(trained);
        double loss = 0;
        for (int sample = 0; sample < samples; sample++)
            loss += Step(trained, Point(task.Client, sample), task);
        var own = task.Memory.Span;
        for (int i = 0; i < own.Length; i++)
            (own[i], trained[i]) = (own[i] + 0.5f * (trained[i] - own[i]), trained[i] + 0.25f * (own[i] - trained[i]));
        for (int i = 0; i < task.Trained.Length; i++)
            trained[i] = task.Trained.Span[i] == 1 ? trained[i] : task.Received.Span[i];
        if (task.Client == Diverging)
            trained[7] = float.NaN;
        for (int i = 0; i < trained.Length && task.Client == Lying?.Client; i++)
            trained[i] = task.Received.Span[i] + Lying.Value.Times * (trained[i] - task.Received.Span[i]);
        return new LocalOutcome(samples, loss / samples) { Steps = samples };
    }

    // One step along what all samples say of the likelier weights.
    LocalOutcome TrainScores(LocalTask task, Span<float> scores)
    {
        var model = new float[scores.Length];
        for (int i = 0; i < Classes * Inputs; i++)
            model[i] = task.Received.Span[i] >= 0 ? task.Masked.Span[i] : 0;
        float[] moved = [.. model];
        double loss = Enumerable.Range(0, samples).Sum(sample => Step(moved, Point(task.Client, sample), task));
        task.Received.Span.CopyTo(scores);
        for (int i = 0; i < Classes * Inputs; i++)
            scores[i] += 30 * (moved[i] - model[i]) * task.Masked.Span[i];
        return new LocalOutcome(samples, loss / samples) { Steps = samples };
    }

    public Evaluation Evaluate(ReadOnlyMemory<float> model, CancellationToken cancellation)
    {
        const int count = 60;
        int right = 0;
        double loss = 0;
        for (int sample = 0; sample < count; sample++)
        {
            var (x, label) = Point(clients, sample);
            double[] shares = Shares(model.Span, x);
            right += Array.IndexOf(shares, shares.Max()) == label ? 1 : 0;
            loss -= Math.Log(shares[label]);
        }

        return new Evaluation((double)right / count, loss / count, count) { MacroF1 = (double)right / (count + 1) };
    }

    static double Step(Span<float> model, (float[] X, int Label) point, LocalTask task)
    {
        float rate = (float)task.Objective.LearningRate, pull = rate * (float)task.Objective.Proximal;
        double[] shares = Shares(model, point.X);
        for (int k = 0; k < Classes; k++)
        {
            float slope = (float)(shares[k] - (k == point.Label ? 1 : 0)) * rate;
            Move(model, k, slope, point.X);
        }

        for (int i = 0; i < task.Correction.Length; i++)
            model[i] -= rate * task.Correction.Span[i];
        for (int i = 0; i < model.Length && pull > 0; i++)
            model[i] -= pull * (model[i] - task.Received.Span[i]);
        return -Math.Log(shares[point.Label]);
    }

    static void Move(Span<float> model, int k, float slope, float[] x)
    {
        for (int i = 0; i < Inputs; i++)
            model[k * Inputs + i] -= slope * x[i];
        model[Classes * Inputs + k] -= slope;
    }

    static double[] Shares(ReadOnlySpan<float> model, float[] x)
    {
        var scores = new double[Classes];
        for (int k = 0; k < Classes; k++)
        {
            scores[k] = model[Classes * Inputs + k];
            for (int i = 0; i < Inputs; i++)
                scores[k] += model[k * Inputs + i] * x[i];
        }

        double[] powers = Array.ConvertAll(scores, score => Math.Exp(score - scores.Max()));
        return Array.ConvertAll(powers, power => power / powers.Sum());
    }

    static (float[] X, int Label) Point(int client, int sample)
    {
        var draws = new RandomDraws(RandomKey.FromSeed((ulong)client).Fold((ulong)sample));
        int label = draws.NextInt(Classes);
        var x = new float[Inputs];
        for (int i = 0; i < Inputs; i++)
            x[i] = i < Telling ? (float)(draws.NextNormal() + (i % Classes == label ? 2 : 0))
                : (float)(0.05 * draws.NextNormal());
        return (x, label);
    }
}
