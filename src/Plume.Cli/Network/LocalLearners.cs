using Plume.Cli.Experiments;
using Plume.Cli.Setup;
using Plume.Client;
using Plume.Federation.Learners;
using Plume.Learning;
using Plume.Learning.Data;
using Plume.Models.Onnx;

namespace Plume.Cli.Network;

/// <summary>Learners of the federation's graph on this client's data.</summary>
static class LocalLearners
{
    /// <summary>On data of the client's own: all rows of a table, the training part of a set by name. The graph says which columns it takes, and what its classes are called.</summary>
    public static ILearner Of(FederationTerms terms, string data, string label)
    {
        var graph = OnnxFile.Read(terms.Graph);
        var train = DataSource.Load(data, label, graph, holdOut: false).Train("A client", "label it");
        return New(terms, graph, train, [.. Enumerable.Range(0, train.Count)]);
    }

    /// <summary>On the part of an experiment's data that the client's place has: what a simulation of it gives to that client.</summary>
    public static Func<FederationTerms, ILearner> Dealt(string experiment, string[] overrides)
    {
        var inputs = Inputs.Load(ExperimentFile.Read(experiment == "digits" ? null : experiment, overrides));
        return terms => terms.Number < inputs.Allotment.Clients.Count
            ? New(terms, OnnxFile.Read(terms.Graph), inputs.Train, inputs.Allotment.Clients[terms.Number])
            : throw new ArgumentException($"The experiment deals its data out to {inputs.Allotment.Clients.Count} clients, but the federation gave place {terms.Number}, counted from 0. Give the experiment that the server has.");
    }

    // A learner looks its samples up by the client's number.
    static GraphLearner New(FederationTerms terms, Plume.Models.Graph.ModelGraph graph, LabeledSet set, int[] samples)
    {
        var places = new int[terms.Number + 1][];
        Array.Fill(places, samples);
        return new GraphLearner(graph, set, places);
    }
}
