using Plume.Cli.Errors;
using Plume.Compression.Randomness;
using Plume.Learning.Data;
using Plume.Learning.Training;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;
using Plume.Models.Zoo;
using Plume.Pages.Charts;

namespace Plume.Cli.Setup.Sources;

/// <summary>The student that <c>--student</c> names, with the weights it starts from.</summary>
static class Students
{
    /// <summary>A built-in model, a file, or a share of the teacher's multiply-adds.</summary>
    /// <exception cref="CliException">It is none of these, or does not fit the data.</exception>
    public static ModelGraph Find(string name, ModelGraph teacher, DataSource data, Work work)
    {
        if (name.EndsWith('%'))
            return Narrowed(teacher, Share.Parse("--student", name), work);
        if (Path.HasExtension(name))
            return ModelFiles.ReadLayers(name);
        return InputErrors.Explain(() => BuiltIn(name, data, work), ExitCode.Usage);
    }

    /// <summary>A built-in model for the data, with the initial weights of the seed.</summary>
    /// <exception cref="ArgumentException">There is none of that name, or it does not fit.</exception>
    public static ModelGraph BuiltIn(string name, DataSource data, Work work) => BuiltIn(name, data.Samples, work.Key);

    /// <summary>A built-in model for samples, of which it says what they are.</summary>
    /// <exception cref="ArgumentException">There is none of that name, or it does not fit.</exception>
    public static ModelGraph BuiltIn(string name, LabeledSet samples, RandomKey key) => samples is { Classes: < 2, Targets: null }
        ? throw new ArgumentException($"A model tells two classes or more apart, but '{samples.Name}' has only one.")
        : samples.Schema.AddTo(ModelZoo.Build(name, samples.SampleShape, samples.Classes, key.Fold("model")));

    /// <summary>A client's own model: a built-in one with the initial weights of the seed, or a file's.</summary>
    /// <exception cref="CliException">The file cannot be read.</exception>
    /// <exception cref="ArgumentException">It does not fit the samples.</exception>
    public static ModelGraph Local(string name, LabeledSet samples, RandomKey key)
    {
        var model = Path.HasExtension(name) ? samples.Schema.AddTo(ModelFiles.ReadLayers(name)) : BuiltIn(name, samples, key);
        SampleFit.Check(model, samples);
        return model;
    }

    // Each layer narrowed alike, by the weights that matter least: what is left knows something already.
    static ModelGraph Narrowed(ModelGraph teacher, double share, Work work) => share is > 0 and < 1
        ? ChannelWork.Prune(teacher, new ChannelPruning(share, ChannelMeasure.MultiplyAdds, ChannelScope.Layer),
            ChannelRanking.Norm, null, work, default).Graph
        : throw new CliException(ExitCode.Usage,
            $"--student as a share of the teacher must be above 0% and below 100%, but is {Quantity.Percent(share)}.");
}
