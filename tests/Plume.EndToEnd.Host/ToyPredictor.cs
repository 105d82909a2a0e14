using Plume.Compression.Randomness;
using Plume.Federation.Labels;
using Plume.Federation.Learners;

namespace Plume.EndToEnd.Host;

/// <summary>
/// Predicts nothing: what a client says is a function of the task's key, of what it was taught and of what it remembers, and what
/// a student becomes one of labels and key, so that every repetition gives the same bits.
/// </summary>
sealed class ToyPredictor(PublicSet set) : IPredictor, IStudent
{
    /// <summary>Floats that it keeps of a client.</summary>
    public const int MemoryLength = 3;

    public PublicSet Public => set;

    public LocalOutcome Predict(LocalTask task, PublicLabels taught, ReadOnlySpan<int> asked, Span<float> shares,
        CancellationToken cancellation)
    {
        var memory = task.Memory.Span;
        memory[0]++;
        memory[1] = 0.5f * memory[1] + (taught.Count > 0 ? taught.Shares.Span[task.Client] : 0);
        for (int i = 0; i < shares.Length; i++)
            shares[i] = task.Key.Uniform((ulong)i) + memory[0] * memory[1] * (i % set.Classes) / 100;
        Normalize(shares);
        return new LocalOutcome(ToyLearner.SamplesOf(task.Client), 1.0 / task.Round);
    }

    public void Learn(Span<float> weights, PublicLabels taught, LocalObjective objective, RandomKey key)
    {
        var shares = taught.Shares.Span;
        for (int i = 0; i < weights.Length; i++)
            weights[i] = 0.75f * weights[i] + 0.25f * shares[i % shares.Length] + key.Uniform((ulong)i) / 128;
    }

    public void Predict(ReadOnlySpan<float> weights, ReadOnlySpan<int> samples, Span<float> shares)
    {
        for (int i = 0; i < shares.Length; i++)
            shares[i] = Math.Abs(weights[(samples[i / set.Classes] * set.Classes + i % set.Classes) % weights.Length]) + 0.01f;
        Normalize(shares);
    }

    void Normalize(Span<float> shares)
    {
        for (int first = 0; first < shares.Length; first += set.Classes)
        {
            var label = shares.Slice(first, set.Classes);
            float sum = 0;
            foreach (float share in label)
                sum += share;
            foreach (ref float share in label)
                share /= sum;
        }
    }
}
