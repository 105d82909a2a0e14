using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Compression.Randomness;
using Plume.Federation.Methods.Exchanges;
using Plume.Learning;
using Plume.Learning.Data;
using Plume.Learning.Distill;
using Plume.Learning.Partition;
using Plume.Models.Graph;

namespace Plume.Cli.Setup.Sources;

/// <summary>What a federation that exchanges predictions needs beside data and model.</summary>
/// <param name="Method">The method, which knows its public set.</param>
/// <param name="Samples">The public set.</param>
/// <param name="Models">Clients' own models with the weights that they start from, dealt in turn.</param>
sealed record PredictionInputs(Predictions Method, PublicSamples Samples, IReadOnlyList<ModelGraph> Models)
{
    const string ModelsKey = "model.local";

    /// <summary>Loads it, and takes public samples from the clients.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="train">The training samples.</param>
    /// <param name="test">What is measured on.</param>
    /// <param name="graph">The federation's model: the server's student, and clients' where they have no other.</param>
    /// <param name="dealt">Who holds what.</param>
    /// <param name="key">Of the run.</param>
    /// <returns>It, null where no predictions are exchanged, and who then holds what.</returns>
    /// <exception cref="ExperimentException">Something named does not exist or does not fit.</exception>
    public static (PredictionInputs? Predictions, Allotment Allotment) Load(Experiment experiment, LabeledSet train,
        LabeledSet test, ModelGraph graph, Allotment dealt, RandomKey key)
    {
        if (experiment.Exchange.Method is not Predictions method)
        {
            return experiment.Model.Local is not null
                ? throw experiment.Wrong(ModelsKey,
                    "model.local is for clients that exchange predictions; write exchange as "
                        + "predictions(public=holdout(5000)), or leave model.local out.")
                : (null, dealt);
        }

        try
        {
            var (samples, allotment) = PublicSource.Take(method.Source, train, test, dealt, key);
            var bound = method with { Source = Path.GetFileName(method.Source), Public = samples.Terms };
            return (new PredictionInputs(bound, samples, ModelsOf(experiment, train, graph, key)), allotment);
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong("exchange", $"exchange: public: {InputErrors.Sentence(misfit)}.");
        }
    }

    /// <summary>A learner for clients with models of their own.</summary>
    public PredictingLearner Learner(ModelGraph student, LabeledSet train, IReadOnlyList<int[]> samples) =>
        new(student.Weights, Models, train, samples, Samples);

    /// <summary>The server's student.</summary>
    public PublicStudent Student(ModelGraph student, int threads) => new(student, Samples, threads);

    static IReadOnlyList<ModelGraph> ModelsOf(Experiment experiment, LabeledSet train, ModelGraph graph, RandomKey key) =>
        experiment.Model.Local is { } names ? [.. names.Select(name => Model(experiment, name, train, key))] : [graph];

    static ModelGraph Model(Experiment experiment, string name, LabeledSet train, RandomKey key)
    {
        try
        {
            return Students.Local(name, train, key);
        }
        catch (ArgumentException misfit)
        {
            throw experiment.Wrong(ModelsKey, $"model.local: '{name}': {InputErrors.Sentence(misfit)}");
        }
    }
}
