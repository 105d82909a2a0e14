using Plume.Cli.Errors;
using Plume.Cli.Experiments;
using Plume.Cli.Terminal;
using Plume.Learning.Data;
using Plume.Learning.Data.Tables;
using Plume.Learning.Distill;
using Plume.Learning.Shipping;
using Plume.Learning.Training;
using Plume.Models.Graph;

namespace Plume.Cli.Setup.Sources;

/// <summary>What the line <c>ships</c> needs beside model and test samples.</summary>
/// <param name="Public">Samples to learn from; null where there are none.</param>
sealed record ShipsInputs(LabeledSet? Public)
{
    const string Key = "ships";

    // Samples to see on how far activations reach.
    const int SamplesOfRanges = 256;

    /// <summary>Loads it.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="graph">The model, which says what samples are.</param>
    /// <param name="test">What is measured on.</param>
    /// <exception cref="ExperimentException">The public samples are missing or do not fit.</exception>
    public static ShipsInputs Load(Experiment experiment, ModelGraph graph, LabeledSet test) =>
        new(experiment.Ships?.Public is { } source ? PublicSamples(experiment, source, graph, test) : null);

    static LabeledSet PublicSamples(Experiment experiment, string source, ModelGraph graph, LabeledSet test)
    {
        if (!source.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
            throw Wrong(experiment, $"'{source}' is no public set; name FILE.npy, a file of samples without labels.");
        try
        {
            var samples = DataSource.Load(source, new TableUse(new TableTerms("label")), graph).Samples;
            samples = samples.SampleLength == test.SampleLength ? samples.Shaped(test.SampleShape) : samples;
            SampleFit.Check(graph, samples);
            int shared = PublicSource.Shared(samples, test).Count;
            return shared == 0 ? samples
                : throw Wrong(experiment, $"{shared} samples of '{source}' are test samples: what measures the model must not "
                    + $"teach it; leave them out.");
        }
        catch (Exception misfit) when (misfit is CliException or MisfitException)
        {
            throw Wrong(experiment, misfit.Message.Replace("--data names", "public names", StringComparison.Ordinal));
        }
    }

    static ExperimentException Wrong(Experiment experiment, string message) =>
        experiment.Wrong(Key, $"ships: {message}");

    /// <summary>
    /// What the steps work with. A server has no client's samples, but those that it measures on: of some of them it sees how far
    /// activations reach, and never a label.
    /// </summary>
    public ShippingWork Work(Experiment experiment, LabeledSet test, int threads) => new(
        test.Take(test.Name, [.. Enumerable.Range(0, Math.Min(SamplesOfRanges, test.Count))]), Public,
        experiment.Key.Fold(Key))
    {
        Threads = threads,
        Note = note => Tell.Note($"ships: {note}"),
    };

    /// <summary>Finds out whether the line can be carried out, before anything is trained.</summary>
    /// <exception cref="ExperimentException">It does not fit the model.</exception>
    public void Check(Experiment experiment, ModelGraph graph, LabeledSet test)
    {
        try
        {
            experiment.Ships?.Rehearse(graph, Work(experiment, test, threads: 1));
        }
        catch (ArgumentException misfit)
        {
            throw Wrong(experiment, InputErrors.Sentence(misfit));
        }
    }
}
