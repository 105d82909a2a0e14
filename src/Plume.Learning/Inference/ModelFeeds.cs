using Plume.Compression.Wire;
using Plume.Learning.Data;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Learning.Inference;

/// <summary>What a model is run on, run by run: samples in batches as large as it takes, or one by one.</summary>
public sealed class ModelFeeds
{
    const int MostSamples = 100;
    // 16 MB of floats at once.
    const int MostValues = 1 << 22;

    readonly Func<int, int, ModelFeed> make;
    readonly bool isFixed;

    /// <summary>Feeds of one sample, or of as many as the model takes at once.</summary>
    internal ModelFeeds(string name, int samples, int perRun, Func<int, int, ModelFeed> make, bool isFixed)
    {
        (Name, Samples, PerRun, this.make, this.isFixed) = (name, samples, perRun, make, isFixed);
        Count = (samples + perRun - 1) / perRun;
    }

    /// <summary>What messages call the data.</summary>
    public string Name { get; }

    /// <summary>Samples in all.</summary>
    public int Samples { get; }

    /// <summary>Samples of a run; the last may have fewer.</summary>
    public int PerRun { get; }

    /// <summary>Runs.</summary>
    public int Count { get; }

    /// <summary>Whether the values are chance, and so say nothing of what the model was made for.</summary>
    public bool IsRandom { get; init; }

    /// <summary>The inputs of a run.</summary>
    public ModelFeed this[int run] => make(run, PerRun);

    /// <summary>The inputs of the first sample alone, or of as many as the model takes at least.</summary>
    public ModelFeed First => InRunsOf(1)[0];

    /// <summary>The samples of a set, for a model with one input.</summary>
    /// <param name="model">The model, which is tried on the first samples: one that cannot take several at once gets one by
    /// one.</param>
    /// <param name="set">The samples.</param>
    /// <param name="mostAtOnce">Samples of a run at most.</param>
    /// <exception cref="ArgumentException">The model does not fit the samples.</exception>
    /// <exception cref="InvalidPayloadException">ONNX Runtime cannot run it on a sample.</exception>
    public static ModelFeeds Of(RuntimeModel model, LabeledSet set, int mostAtOnce = MostSamples)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(set);
        var input = InputFor(model, set);
        if (input.Shape is [{ IsFixed: true } batch, ..])
            return Cut(input, set, (int)batch.Length);
        int most = Math.Clamp(MostValues / set.SampleLength, 1, Math.Min(mostAtOnce, Math.Max(1, set.Count)));
        var several = Cut(input, set, most);
        return most == 1 || TakesSeveral(model, several[0]) ? several : Cut(input, set, 1);
    }

    /// <summary>The first runs only.</summary>
    public ModelFeeds Take(int runs) => runs >= Count ? this
        : new(Name, Math.Min(Samples, runs * PerRun), PerRun, make, isFixed) { IsRandom = IsRandom };

    /// <summary>The same samples so many at a time; where the model says how many, that stays.</summary>
    public ModelFeeds InRunsOf(int samples) => isFixed || samples == PerRun ? this
        : new(Name, Samples, samples, make, isFixed) { IsRandom = IsRandom };

    static ModelFeeds Cut(ValueInfo input, LabeledSet set, int most) => new(set.Name, set.Count, most, (run, perRun) =>
    {
        int start = run * perRun, count = Math.Min(perRun, set.Count - start);
        int batch = input.Shape is [{ IsFixed: true }, ..] ? perRun : count;
        float[] values = new float[batch * set.SampleLength];
        for (int i = 0; i < batch; i++)
            set[start + Math.Min(i, count - 1)].CopyTo(values.AsSpan(i * set.SampleLength));
        return new ModelFeed([RuntimeTensor.Of(input.Name, input.ElementType,
            [batch, .. set.SampleShape.Select(length => (long)length)], values)], count, batch);
    }, isFixed: input.Shape is [{ IsFixed: true }, ..]);

    static ValueInfo InputFor(RuntimeModel model, LabeledSet set)
    {
        if (model.Inputs.Count != 1)
            throw new MisfitException(
                $"Model '{model.Name}' has {model.Inputs.Count} inputs ({string.Join(", ", model.Inputs)}), but {set.Name} has "
                    + $"samples for one.");
        var input = model.Inputs[0];
        bool fits = input.Shape.Count == set.SampleShape.Count + 1
            && input.Shape.Skip(1).Zip(set.SampleShape).All(pair => !pair.First.IsFixed || pair.First.Length == pair.Second);
        return fits || (input.Shape.Count == 0 && model.Graph?.Inputs[0].HasShape == false)
            ? input
            : throw new MisfitException(
                $"Model '{model.Name}' takes [{string.Join(", ", input.Shape)}], but the samples of {set.Name} are "
                    + $"[{string.Join(", ", set.SampleShape)}] each.");
    }

    // An exporter may have written the batch of its example into a Reshape, whatever the input says.
    static bool TakesSeveral(RuntimeModel model, ModelFeed feed)
    {
        try
        {
            return model.Run(feed.Tensors).All(output => output.Shape.Count > 0 && output.Shape[0] == feed.Batch);
        }
        catch (InvalidPayloadException)
        {
            return false;
        }
    }
}
