using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Plume.Learning.Data;

namespace Plume.Learning.Inference;

/// <summary>How long models take for one sample in ONNX Runtime, on one thread.</summary>
public static class Latency
{
    const int RunsAtOnce = 20;
    // A median of five thousand runs is not surer of itself for being one of fifty thousand.
    const int MostTurns = 250;
    // Of a large model, one run is enough to tell that it is one.
    static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(0.25);

    /// <summary>
    /// The median over runs of one sample each. The models take turns, so that what else the machine does hits all alike.
    /// </summary>
    /// <param name="models">The models.</param>
    /// <param name="set">Where the sample comes from: its first one.</param>
    /// <param name="budget">How long to measure at most, for all models together; 5000 runs of each are enough.</param>
    public static TimeSpan[] Measure(IReadOnlyList<RuntimeModel> models, LabeledSet set, TimeSpan budget)
    {
        ArgumentNullException.ThrowIfNull(models);
        return Measure(models, [.. models.Select(model => ModelFeeds.Of(model, set, mostAtOnce: 1)[0])], budget);
    }

    /// <summary>
    /// The median over runs of one feed, divided by what it holds: a model that takes a fixed number at once is told for one
    /// sample.
    /// </summary>
    /// <param name="models">The models.</param>
    /// <param name="feeds">What each is run on.</param>
    /// <param name="budget">How long to measure at most, for all models together; 5000 runs of each are enough.</param>
    public static TimeSpan[] Measure(IReadOnlyList<RuntimeModel> models, IReadOnlyList<ModelFeed> feeds, TimeSpan budget)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(feeds);
        using var bound = new DisposableList<DisposableList<OrtValue>>();
        for (int i = 0; i < models.Count; i++)
            bound.Add(models[i].Bind(feeds[i].Tensors));
        var times = models.Select(_ => new List<long>()).ToArray();
        long start = Stopwatch.GetTimestamp();
        // The first turn warms up.
        for (int turn = 0; turn < 3 || (turn <= MostTurns && Stopwatch.GetElapsedTime(start) < budget); turn++)
        {
            for (int i = 0; i < models.Count; i++)
                Turn(models[i], bound[i], turn > 0 ? times[i] : []);
        }

        return [.. times.Select((list, i) =>
            TimeSpan.FromSeconds((double)list.Order().ElementAt(list.Count / 2) / Stopwatch.Frequency / feeds[i].Batch))];
    }

    static void Turn(RuntimeModel model, DisposableList<OrtValue> bound, List<long> times)
    {
        long start = Stopwatch.GetTimestamp();
        for (int run = 0; run < RunsAtOnce && Stopwatch.GetElapsedTime(start) < LongestTurn; run++)
        {
            long begin = Stopwatch.GetTimestamp();
            model.RunBound(bound).Dispose();
            times.Add(Stopwatch.GetTimestamp() - begin);
        }
    }
}
