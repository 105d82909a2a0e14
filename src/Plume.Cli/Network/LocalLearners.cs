using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Setup.Sources;
using Plume.Client;
using Plume.Compression.Randomness;
using Plume.Federation.Learners;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Notation;
using Plume.Learning;
using Plume.Learning.Data;
using Plume.Learning.Data.Tables;
using Plume.Learning.Distill;
using Plume.Models.Graph;
using Plume.Models.Onnx;
using Plume.Models.Zoo;

namespace Plume.Cli.Network;

/// <summary>Learners of the federation's graph on this client's data.</summary>
/// <param name="Teacher">The file of the teacher, for federations that distill; null where the client names none.</param>
/// <param name="LocalModel">The model that stays here, for federations of mutual learning or of predictions: a file or the name
/// of a built-in one; null where the client names none.</param>
/// <param name="Public">The file of the public samples, for federations of predictions; null where the client names none.</param>
sealed record LocalLearners(string? Teacher, string? LocalModel, string? Public = null)
{
    /// <summary>Those of a client that names models of its own.</summary>
    /// <exception cref="CliException">A file is not there.</exception>
    public static LocalLearners With(string? teacher, string? localModel, string? publicSamples)
    {
        if (teacher is not null && !File.Exists(teacher))
            throw new CliException(ExitCode.Input, $"--teacher names '{teacher}', which does not exist.");
        if (localModel is not null && !File.Exists(localModel) && !ModelZoo.Names.Contains(localModel))
            throw new CliException(ExitCode.Input,
                $"--local-model names '{localModel}', which is neither a file nor a built-in model "
                    + $"({string.Join(", ", ModelZoo.Names)}).");
        return new LocalLearners(teacher, localModel, publicSamples);
    }

    /// <summary>
    /// On data of the client's own: all rows of a table, the training part of a set by name. The graph says which columns it
    /// takes, and what its classes are called.
    /// </summary>
    public Func<FederationTerms, ILearner> Of(string data, string label) => terms =>
    {
        var graph = OnnxFile.Read(terms.Graph);
        var train = Train(graph);
        if (terms.Method is Predictions)
            return OwnPredictions(terms, graph, train);
        var teachers = Teachers.Of(terms.Teaching, Named(terms)
            ?? terms.Teaching?.Model, train, Train, RandomKey.FromSeed((ulong)terms.Number), Environment.ProcessorCount);
        return New(terms, teachers, graph, train, [.. Enumerable.Range(0, train.Count)]);

        LabeledSet Train(ModelGraph taker) => DataSource.Load(data, new TableUse(new TableTerms(label)), taker, holdOut: false).Train("A client", "label it");
    };

    /// <summary>
    /// On the part of an experiment's data that the client's place has: what a simulation of it gives to that client.
    /// </summary>
    public Func<FederationTerms, ILearner> Dealt(string file, string[] overrides)
    {
        var experiment = ExperimentFile.Read(file == "digits" ? null : file, overrides);
        var inputs = Inputs.Load(experiment);
        var gate = new Lock();
        (Teaching? Teaching, string? Model, Teachers Teachers) last = (null, null, Teachers.None);
        return terms =>
        {
            if (terms.Number >= inputs.Allotment.Clients.Count)
                throw new ArgumentException(
                    $"The experiment deals its data out to {inputs.Allotment.Clients.Count} clients, but the federation gave "
                        + $"place {terms.Number}, counted from 0. Give the experiment that the server has.");
            if (terms.Method is Predictions)
                return DealtPredictions(terms, inputs);
            string? model = Named(terms) ?? ModelOf(experiment, terms.Teaching);
            lock (gate)
            {
                // Clients of one process share the teacher's scores.
                if ((last.Teaching, last.Model) != (terms.Teaching, model))
                    last = (terms.Teaching, model,
                        Teachers.Of(terms.Teaching, model, experiment, inputs, Environment.ProcessorCount));
                return New(terms, last.Teachers, OnnxFile.Read(terms.Graph), inputs.Train,
                    inputs.Allotment.Clients[terms.Number]);
            }
        };
    }

    // A client names the samples itself; whether they are those of all is found out by their hash.
    PredictingLearner OwnPredictions(FederationTerms terms, ModelGraph graph, LabeledSet train)
    {
        RefuseTeacher();
        if (Public is null)
            throw new ArgumentException(
                "Its clients exchange predictions on public samples: name the file of them with --public FILE.npy.");
        var model = LocalModel is null ? graph : Students.Local(LocalModel, train, RandomKey.FromSeed((ulong)terms.Number));
        return Predicting(terms, [model], graph, train, [.. Enumerable.Range(0, train.Count)],
            PublicSource.OfFile(Public, train, test: null));
    }

    PredictingLearner DealtPredictions(FederationTerms terms, Inputs inputs)
    {
        RefuseTeacher();
        if (inputs.Predictions is not { } predictions)
            throw new ArgumentException(
                $"Its clients exchange predictions, and those of the experiment '{ExchangeLine.Updates}': give the experiment "
                    + $"that the server has.");
        if (Public is not null)
            throw new ArgumentException("The experiment has public samples: leave --public out.");
        var model = LocalModel is null
            ? predictions.Models[terms.Number % predictions.Models.Count] : Students.Local(LocalModel, inputs.Train,
                RandomKey.FromSeed((ulong)terms.Number));
        return Predicting(terms, [model], OnnxFile.Read(terms.Graph), inputs.Train, inputs.Allotment.Clients[terms.Number],
            predictions.Samples);
    }

    void RefuseTeacher()
    {
        if (Teacher is not null)
            throw new ArgumentException("Its clients learn from one another's predictions: leave --teacher out.");
    }

    static PredictingLearner Predicting(FederationTerms terms, IReadOnlyList<ModelGraph> models, ModelGraph student,
        LabeledSet set, int[] samples, PublicSamples publicSamples) =>
        new(student.Weights, models, set, PlacesOf(terms, samples), publicSamples);

    // Which of the two the federation has use for; the other would lie idle without a word.
    string? Named(FederationTerms terms)
    {
        if (Teacher is not null && terms.Teaching is not FromTeacher)
            throw new ArgumentException("Its clients learn from no teacher: leave --teacher out.");
        if (LocalModel is not null && terms.Teaching is not Mutual)
            throw new ArgumentException("Its clients train one model, the one that travels: leave --local-model out.");
        if (Public is not null)
            throw new ArgumentException("Its clients exchange updates: leave --public out.");
        return Teacher ?? LocalModel;
    }

    // The experiment's own, where it is taught as the federation is.
    static string? ModelOf(Experiment experiment, Teaching? teaching) =>
        experiment.Training.Teaching is { } own && own.GetType() == teaching?.GetType()
        ? Teachers.Missing(experiment) is { } missing ? throw new ExperimentException([missing]) : own.Model
        : teaching?.Model;

    // A learner looks its samples up by the client's number.
    static GraphLearner New(FederationTerms terms, Teachers teachers, ModelGraph graph, LabeledSet set, int[] samples) =>
        teachers.Learner(graph, set, PlacesOf(terms, samples));

    static int[][] PlacesOf(FederationTerms terms, int[] samples)
    {
        var places = new int[terms.Number + 1][];
        Array.Fill(places, samples);
        return places;
    }
}
