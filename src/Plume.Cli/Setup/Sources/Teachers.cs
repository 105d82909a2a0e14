using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Federation.Learners;
using Plume.Learning;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Execution;
using Plume.Models.Graph;
using Plume.Models.Zoo;

namespace Plume.Cli.Setup.Sources;

/// <summary>What clients learn from beside their labels.</summary>
/// <param name="Scores">A teacher's scores of all samples; null where there is no teacher.</param>
/// <param name="LocalModel">The model that stays with each client; null where there is none.</param>
sealed record Teachers(SoftLabels? Scores, ModelGraph? LocalModel)
{
    /// <summary>Nothing but labels.</summary>
    public static Teachers None { get; } = new(null, null);

    /// <summary>A learner that has them.</summary>
    /// <exception cref="ArgumentException">They do not fit the graph or the samples.</exception>
    public GraphLearner Learner(ModelGraph graph, LabeledSet set, IReadOnlyList<int[]> samples) => new(graph, set, samples)
    {
        Teacher = Scores,
        LocalModel = LocalModel,
    };

    /// <summary>
    /// What an experiment's training line names: a teacher's scores are computed once, for the whole training set.
    /// </summary>
    /// <exception cref="ExperimentException">The model is missing, is none, or does not fit; it says where it was named, and what
    /// to do.</exception>
    public static Teachers Load(Experiment experiment, Inputs inputs, int threads)
    {
        if (experiment.Training.Teaching is not { Model: { } model } teaching)
            return None;
        if (Missing(experiment) is { } missing)
            throw new ExperimentException([missing]);
        try
        {
            var teachers = Of(teaching, model, experiment, inputs, threads);
            teachers.Learner(inputs.Graph, inputs.Train, inputs.Allotment.Clients).Dispose();
            return teachers;
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong("training",
                    $"training: {InputErrors.Sentence(misfit)} {NextStep(experiment, teaching)}");
        }
    }

    /// <summary>A model for an experiment's data, whoever named it.</summary>
    /// <exception cref="ArgumentException">It is none, or does not fit.</exception>
    public static Teachers Of(Teaching? teaching, string? model, Experiment experiment, Inputs inputs, int threads) =>
        Of(teaching, model, inputs.Train, graph => Inputs.TrainFor(experiment, graph),
            experiment.Key, threads);

    /// <summary>The model that somebody named.</summary>
    /// <param name="teaching">How clients learn from it; null where they do not.</param>
    /// <param name="model">Its file, or the name of a built-in one; null for none.</param>
    /// <param name="train">The samples that clients learn from.</param>
    /// <param name="trainFor">The same samples as a model takes them that says so of itself.</param>
    /// <param name="key">Where the first weights of a built-in model are drawn from.</param>
    /// <param name="threads">Threads to compute with; the result does not depend on it.</param>
    /// <exception cref="ArgumentException">It is none, or does not fit.</exception>
    public static Teachers Of(Teaching? teaching, string? model, LabeledSet train, Func<ModelGraph, LabeledSet> trainFor,
        RandomKey key, int threads)
    {
        try
        {
            return model is null ? None : teaching switch
            {
                FromTeacher => new Teachers(ScoresOf(ModelFiles.ReadLayers(model), train, trainFor, threads), null),
                Mutual => new Teachers(null, Path.HasExtension(model) ? ModelFiles.ReadLayers(model)
                    : Students.BuiltIn(model, train, key.Fold("local model"))),
                _ => None,
            };
        }
        catch (Exception misfit) when (misfit is ArgumentException or CliException or InvalidPayloadException
            or UnsupportedOperatorException)
        {
            throw new ArgumentException(
                $"Clients cannot learn from '{model}'. "
                    + $"{(misfit is ArgumentException refused ? InputErrors.Sentence(refused) : misfit.Message)}", misfit);
        }
    }

    /// <summary>What is wrong where the training line names a file that is not there; null where it is.</summary>
    public static Problem? Missing(Experiment experiment) =>
        experiment.Training.Teaching is { NamesFile: true, Model: { } model } teaching && !File.Exists(model)
            ? experiment.Missing("training",
                $"training names '{model}', which does not exist. {NextStep(experiment, teaching)}")
            : null;

    // A teacher may have been trained on the same samples normalized otherwise, or with its columns in another order.
    static SoftLabels ScoresOf(ModelGraph teacher, LabeledSet train, Func<ModelGraph, LabeledSet> trainFor, int threads)
    {
        var schema = SampleSchema.Of(teacher);
        if (schema.OfClasses.Difference(train.Schema) is { } difference)
            throw new ArgumentException($"Model '{teacher.Name}' {difference} in {train.Name}.", nameof(teacher));
        return SoftLabels.Of(teacher, schema.Difference(train.Schema) is null ? train : trainFor(teacher), threads);
    }

    static string NextStep(Experiment experiment, Teaching teaching)
    {
        if (teaching is not FromTeacher)
            return "Name a built-in model, or an .onnx file that takes the same samples and tells the same classes apart.";
        string set = experiment.Data.Set;
        bool isTable = experiment.Data.IsTable;
        string data = isTable
            ? $"{experiment.Data.File} --label "
                + $"{experiment.Data.Label}{(experiment.Data.IsNormalized ? " --normalize" : "")}"
            : experiment.Data.Folder is not null ? $"{set}:{experiment.Data.Folder}" : set;
        return $"A teacher for this data can be made with: plume train {(isTable ? LeNet300.Name : ResNet8.Name)} --data "
            + $"{data} -o {(File.Exists(teaching.Model) ? "teacher.onnx" : teaching.Model)}";
    }
}
