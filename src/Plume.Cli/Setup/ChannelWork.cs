using Plume.Cli.Errors;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Learning.Calibration;
using Plume.Learning.Data;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;
using Plume.Pages.Charts;

namespace Plume.Cli.Setup;

/// <summary>What <c>--score</c> ranks channels by.</summary>
enum ChannelRanking
{
    /// <summary>The norm of their weights.</summary>
    Norm,

    /// <summary>The scale of their normalization.</summary>
    BatchNorm,

    /// <summary>The change of the loss, to first order, on data.</summary>
    Taylor,

    /// <summary>Chance, as a control.</summary>
    Random,
}

/// <summary>Takes channels out of a model.</summary>
static class ChannelWork
{
    const int TaylorSamples = 2000;
    const int TaylorBatch = 50;

    /// <summary>
    /// The model without its least important channels; what was removed, and what could not be, goes to standard error.
    /// </summary>
    /// <param name="graph">The model.</param>
    /// <param name="pruning">How much of what is kept; its score gives way to the ranking.</param>
    /// <param name="ranking">What channels are ranked by.</param>
    /// <param name="data">The samples for first-order Taylor, or null.</param>
    /// <param name="work">The key of a random choice.</param>
    /// <param name="stop">Stops the work.</param>
    public static PrunedModel Prune(ModelGraph graph, ChannelPruning pruning, ChannelRanking ranking, DataSource? data, Work work,
        CancellationToken stop)
    {
        var pruned = InputErrors.Explain(() => (pruning with { Score = Score(graph, ranking, data, work, stop) }).Apply(graph));
        foreach (var group in pruned.Removed)
            Tell.Note($"{group}");
        foreach (var kept in pruned.Unprunable)
            Tell.Note($"{kept}");
        if (!pruned.IsReached)
            Tell.Note($"The target of {Quantity.Percent(pruned.Target)} left cannot be reached: "
                + $"{Quantity.Percent(pruned.Reached)} is the least, with {pruning.Fewest} of every group of channels left.");
        return pruned;
    }

    static ChannelScore Score(ModelGraph graph, ChannelRanking ranking, DataSource? data, Work work, CancellationToken stop) =>
        ranking switch
        {
            ChannelRanking.BatchNorm => new BatchNormScale(),
            ChannelRanking.Random => new RandomScore(work.Key.Fold("prune")),
            ChannelRanking.Taylor => Taylor(graph, Measured(data), stop),
            _ => new ChannelNorm(),
        };

    static LabeledSet Measured(DataSource? data) => data is null
        ? throw new CliException(ExitCode.Usage, "--score taylor measures on data: name it with --data.")
        : data.Train("--score taylor", "rank by --score norm");

    static TaylorScore Taylor(ModelGraph graph, LabeledSet train, CancellationToken stop)
    {
        var gradients = new TaylorGradients(graph);
        int step = Math.Max(1, train.Count / TaylorSamples);
        var sample = train.Take(train.Name, [.. Enumerable.Range(0, train.Count / step).Select(i => i * step)]);
        GraphObserver.Gradients(graph, sample, TaylorBatch, gradients.Add, stop);
        return gradients.ToScore();
    }
}
