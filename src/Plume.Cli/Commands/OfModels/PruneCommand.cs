using System.CommandLine;
using System.Globalization;
using Plume.Cli.Errors;
using Plume.Cli.Evaluation;
using Plume.Cli.Experiments;
using Plume.Cli.Outputs;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Compression.Weights;
using Plume.Learning.Data;
using Plume.Learning.Training;
using Plume.Models.Graph;
using Plume.Models.Prune.Channels;
using Plume.Models.Prune.Connections;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands.OfModels;

/// <summary><c>plume prune</c>: takes connections or whole channels out of a model, and trains what is left.</summary>
static class PruneCommand
{
    // Floats in a vector register of most processors.
    const int UsualMultiple = 8;

    sealed record Request(string Model, string Output, string? Connections, string? Pattern, string? Channels,
        ChannelRanking? Score, ChannelMeasure Measure, bool Random, bool PerTensor, bool Gradual, string[] LeaveAlone,
        int? RoundTo);

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The model: .onnx or .plume." };
        var output = new Option<string?>("-o", "--output")
        {
            Description = "The file to write; without it, the model's name with .pruned.onnx.",
        };
        var connections = new Option<string?>("--connections")
        {
            Description = "Set this share of the weights to zero, the smallest: 90%.",
        };
        var pattern = new Option<string?>("--nm") { Description = "Keep N of every M weights along each input: 2:4." };
        var channels = new Option<string?>("--channels")
        {
            Description = "Remove channels and neurons until this share of the parameters, or of --of, is gone: 50%.",
        };
        var score = WrittenOption.Word<ChannelRanking?>("--score");
        score.Description = "What channels are ranked by: norm, batchnorm, taylor (needs data) or random.";
        var measure = WrittenOption.Word<ChannelMeasure>("--of");
        measure.Description = "What --channels is a share of: parameters or multiplyadds.";
        var random = new Option<bool>("--random") { Description = "Choose by chance, as a control." };
        var perTensor = new Option<bool>("--per-tensor")
        {
            Description = "Take the share from each tensor or layer, not from the whole model.",
        };
        var gradual = new Option<bool>("--gradual")
        {
            Description = "Prune connections bit by bit while fine-tuning, not before.",
        };
        var leaveAlone = new Option<string[]>("--leave-alone")
        {
            Description = "A weight that loses nothing, by name; repeat for more.",
            DefaultValueFactory = _ => [],
        };
        var roundTo = new Option<int?>("--round-to")
        {
            Description = "With --channels: let each layer keep a multiple of this many, which processors compute faster. "
                + "[default: 8, or 1 where the share cannot be reached so]",
        };
        var command = new Command("prune", "Take connections or channels out of a model.")
        {
            model, output, connections, pattern, channels, score, measure, random, perTensor, gradual, leaveAlone,
            roundTo,
        };
        var work = new WorkOptions(command, needsData: false);
        var fineTune = new FineTuneFlags(command, defaultEpochs: 0);
        command.SetAction((line, stop) => Task.FromResult((int)Run(
            new Request(line.GetValue(model)!, line.GetValue(output)
                ?? Path.ChangeExtension(line.GetValue(model)!, ".pruned.onnx"), line.GetValue(connections),
                line.GetValue(pattern), line.GetValue(channels),
                line.GetValue(score), line.GetValue(measure), line.GetValue(random), line.GetValue(perTensor),
                line.GetValue(gradual), line.GetValue(leaveAlone)!, line.GetValue(roundTo)),
            work.Read(line), fineTune.Read(line), stop)));
        return command;
    }

    static ExitCode Run(Request request, Work work, FineTuneRequest fineTune, CancellationToken stop)
    {
        if (new[] { request.Connections, request.Pattern, request.Channels }.Count(way => way is not null) != 1)
            throw new CliException(ExitCode.Usage, "Say what to prune by one of --connections 90%, --nm 2:4 and --channels 50%.");
        if (request.Gradual && (request.Connections is null || request.Random || fineTune.Options.Epochs == 0))
            throw new CliException(ExitCode.Usage,
                "--gradual goes with --connections and --fine-tune of an epoch or more: it prunes the smallest weights while "
                    + "training.");
        var graph = ModelFiles.ReadLayers(request.Model);
        CheckNames(request.LeaveAlone, graph);
        using var output = OutputFile.At(request.Output, [request.Model, work.Data]);
        var data = fineTune.Options.Epochs == 0 && work.Data is null ? null : work.Load(graph);
        var samples = fineTune.SamplesOf(data);
        if (fineTune.Options.Epochs > 0 || request.Score == ChannelRanking.Taylor)
            data?.Fitting(request.Model, graph);
        var pruned = request.Channels is null
            ? PruneConnections(request, graph, samples, work, fineTune, stop)
            : fineTune.Run(graph, PruneChannels(request, graph, data, work, stop), samples, work, null, stop);
        CheckedFile.Write(output, pruned, CheckedFile.CheckOn(pruned, data?.Samples, work));
        Report(ComparedModel.Read(request.Model, graph), ComparedModel.Written(output, pruned), request.Channels is not null,
            data, stop);
        output.Keep();
        return ExitCode.Done;
    }

    static void CheckNames(string[] leaveAlone, ModelGraph graph)
    {
        string[] known = [.. graph.Weights.Tensors.Select(tensor => tensor.Name)];
        foreach (string name in leaveAlone.Except(known))
            throw new CliException(ExitCode.Usage,
                $"--leave-alone names '{name}', but the model has no such weight; "
                    + $"{Nearest.To(name, known, "did you mean '{0}'?")}");
    }

    static ModelGraph PruneChannels(Request request, ModelGraph graph, DataSource? data, Work work, CancellationToken stop)
    {
        double share = Share.Parse("--channels", request.Channels!);
        if (share >= 1)
            throw new CliException(ExitCode.Usage,
                $"--channels must be below 1, for something must be left, but is '{request.Channels}'.");
        var scope = request.PerTensor ? ChannelScope.Layer : ChannelScope.Global;
        if (request.RoundTo < 1)
            throw new CliException(ExitCode.Usage, $"--round-to must be 1 or more, but is {request.RoundTo}.");
        var pruning = new ChannelPruning(1 - share, request.Measure, scope)
        {
            LeaveAlone = request.LeaveAlone,
            Multiple = request.RoundTo ?? UsualMultiple,
        };
        var ranking = request.Random ? ChannelRanking.Random : request.Score ?? ChannelRanking.Norm;
        return request.RoundTo is null && !IsReached(pruning, graph)
            ? ChannelWork.Prune(graph, pruning with { Multiple = 1 }, ranking, data, work, stop).Graph
            : ChannelWork.Prune(graph, pruning, ranking, data, work, stop).Graph;
    }

    // How far pruning can go does not depend on which channels go first.
    static bool IsReached(ChannelPruning pruning, ModelGraph graph)
    {
        bool isReached = InputErrors.Explain(() => pruning.Apply(graph)).IsReached;
        if (!isReached)
            Tell.Note($"Layers keep any number of channels: with multiples of {pruning.Multiple} the share cannot be reached (--round-to).");
        return isReached;
    }

    static ModelGraph PruneConnections(Request request, ModelGraph graph, LabeledSet? samples, Work work,
        FineTuneRequest fineTune, CancellationToken stop)
    {
        var technique = Technique(request, work);
        if (request.Gradual)
        {
            var magnitude = (MagnitudePruning)technique;
            // The last fifth of the steps trains what is left.
            var schedule = new GradualSchedule(magnitude.Rate, Steps: 800) { Every = 8 };
            return fineTune.Run(graph, graph, samples, work, new GradualPruning(graph, magnitude, schedule), stop);
        }

        var mask = InputErrors.Explain(() => technique.MaskOf(graph));
        return fineTune.Run(graph, mask.Apply(graph), samples, work, new MaskedTraining(mask), stop);
    }

    static ConnectionPruning Technique(Request request, Work work)
    {
        if (request.Pattern is { } pattern)
            return PatternOf(pattern) with { LeaveAlone = request.LeaveAlone };
        double rate = Share.Parse("--connections", request.Connections!);
        var scope = request.PerTensor ? ConnectionScope.Tensor : ConnectionScope.Global;
        return request.Random
            ? new RandomPruning(rate, work.Key.Fold("prune"), scope) { LeaveAlone = request.LeaveAlone }
            : new MagnitudePruning(rate, scope) { LeaveAlone = request.LeaveAlone };
    }

    static StructuredSparsity PatternOf(string text)
    {
        string[] parts = text.Split(':');
        return parts.Length == 2 && int.TryParse(parts[0], CultureInfo.InvariantCulture, out int kept)
            && int.TryParse(parts[1], CultureInfo.InvariantCulture, out int of) && of >= 1 && kept >= 0 && kept <= of
            ? new StructuredSparsity(kept, of)
            : throw new CliException(ExitCode.Usage,
                $"--nm is N:M with N from 0 to M and M from 1, such as 2:4, but is '{text}'.");
    }

    static void Report(ComparedModel before, ComparedModel after, bool isOfChannels, DataSource? data, CancellationToken stop)
    {
        if (data?.Test is { } test)
        {
            var figures = ModelComparison.Measure([before, after], test, stop);
            Console.Out.Write(EvaluateCommand.Table(figures));
            if (isOfChannels && figures[1].LatencyMicroseconds > figures[0].LatencyMicroseconds)
                Tell.Note($"The smaller model is slower here: {figures[1].LatencyMicroseconds:0.0} us instead of "
                    + $"{figures[0].LatencyMicroseconds:0.0}. Try another --round-to, such as 16, or a share of the multiply-adds (--of multiplyadds).");
        }

        string name = after.Name, left = Weights(after.Graph!), all = Weights(before.Graph!);
        if (isOfChannels)
            Tell.Result($"{name}: {left} weights, of {all} before");
        else
            Tell.Result($"{name}: {Quantity.Percent(WeightMask.OfZeros(after.Graph!.ToWeights()).Sparsity)} of {left} weights "
                + $"are zero, of {all} before");
    }

    static string Weights(ModelGraph graph) =>
        graph.Weights.Tensors.Where(tensor => tensor.Role == TensorRole.Weight).Sum(tensor => tensor.Length)
            .ToString("N0", CultureInfo.InvariantCulture);
}
