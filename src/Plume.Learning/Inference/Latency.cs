using System.Diagnostics;
using Plume.Learning.Data;

namespace Plume.Learning.Inference;

/// <summary>How long models take for one sample in ONNX Runtime, on one thread.</summary>
public static class Latency
{
    const int RunsAtOnce = 20;

    /// <summary>The median over runs of one sample each. The models take turns, so that what else the machine does hits all alike.</summary>
    /// <param name="models">The models.</param>
    /// <param name="set">Where the sample comes from: its first one.</param>
    /// <param name="budget">How long to measure, for all models together.</param>
    public static TimeSpan[] Measure(IReadOnlyList<RuntimeModel> models, LabeledSet set, TimeSpan budget)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(set);
        float[] sample = set[0].ToArray();
        long[] shape = [1, .. set.SampleShape.Select(length => (long)length)];
        var times = models.Select(_ => new List<long>()).ToArray();
        long start = Stopwatch.GetTimestamp();
        // The first turn warms up.
        for (int turn = 0; turn < 3 || Stopwatch.GetElapsedTime(start) < budget; turn++)
        {
            for (int i = 0; i < models.Count; i++)
            {
                for (int run = 0; run < RunsAtOnce; run++)
                {
                    long begin = Stopwatch.GetTimestamp();
                    models[i].Run(sample, shape);
                    if (turn > 0)
                        times[i].Add(Stopwatch.GetTimestamp() - begin);
                }
            }
        }

        return [.. times.Select(list => TimeSpan.FromSeconds((double)list.Order().ElementAt(list.Count / 2) / Stopwatch.Frequency))];
    }
}
