using System.CommandLine;
using System.Globalization;
using Plume.Cli.Errors;
using Plume.Cli.Evaluation;
using Plume.Cli.Outputs;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Learning.Calibration;
using Plume.Learning.Data;
using Plume.Learning.Inference;
using Plume.Models.Graph;
using Plume.Models.Onnx.Subgraphs;
using Plume.Models.Quantize;
using Plume.Models.Quantize.Blocks;
using Plume.Models.Quantize.Calibrate;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands.OfModels;

/// <summary><c>plume quantize</c>: weights and activations of few bits, after training or while training.</summary>
static class QuantizeCommand
{
    sealed record Request(string Model, string Output, QuantizationScheme Scheme, int Samples, bool Packed, bool KeepNames,
        long? TargetBytes, double? MaxLoss, int? Block);

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The model: .onnx or .plume, in floats." };
        var output = new Option<string?>("-o", "--output")
        {
            Description = "The file to write; without it, the model's name with .quantized.onnx.",
        };
        var bits = new Option<int>("--bits")
        {
            Description = "Bits of a weight, 1 (binary), 2 (ternary) to 8.",
            DefaultValueFactory = _ => 8,
        };
        var activations = new Option<string>("--activations")
        {
            Description = "Bits of an activation, 2 to 8, or none: they stay floats, and no data is needed.",
            DefaultValueFactory = _ => "8",
        };
        var ends = new Option<int>("--ends")
        {
            Description = "Bits of the first and the last layer, where others have fewer.",
            DefaultValueFactory = _ => 8,
        };
        var layers = new Option<string[]>("--layer")
        {
            Description = "Bits of one weight, by name: fc1.weight=4; 32 leaves it in floats. Repeat for more.",
            DefaultValueFactory = _ => [],
        };
        var ranges = new Option<string>("--ranges")
        {
            Description = "How ranges of activations are chosen: min-max, mse, or a percentile such as 99.99%.",
            DefaultValueFactory = _ => "min-max",
        };
        var samples = new Option<int>("--samples")
        {
            Description = "Training samples to see activations on.",
            DefaultValueFactory = _ => 1000,
        };
        var packed = new Option<bool>("--packed")
        {
            Description = "Two weights of up to 4 bits to a byte: half the size, computed in floats.",
        };
        var targetSize = new Option<string?>("--target-size")
        {
            Description = "Choose 8 or 4 bits for each layer, so that the file has at most this size: 40kB.",
        };
        var maxLoss = new Option<string?>("--max-loss")
        {
            Description = "Choose 8 or 4 bits for each layer, so that at most so many points of accuracy go before "
                + "fine-tuning: 1pt.",
        };
        var weightsOnly = new Option<bool>("--weights-only") { Description = "The same as --activations none." };
        var block = new Option<int?>("--block")
        {
            Description = "4-bit weights of matrix products with a scale for each 32, 64 or 128 of an input, which ONNX "
                + "Runtime computes as they are; activations and all else stay floats.",
        };
        var keepNames = new Option<bool>("--keep-names")
        {
            Description = "Keep the names of values inside the graph; they cost bytes.",
        };
        var command = new Command("quantize", "Give weights and activations few bits.")
        {
            model, output, bits, activations, ends, layers, ranges, samples, packed, keepNames, targetSize, maxLoss, weightsOnly,
            block,
        };
        var work = new WorkOptions(command, needsData: false, moreData: ModelData.MoreKinds);
        var fineTune = new FineTuneFlags(command, defaultEpochs: 0, defaultRate: 0.01);
        command.SetAction((line, stop) => Task.FromResult((int)Run(
            new Request(line.GetValue(model)!, line.GetValue(output)
                ?? Path.ChangeExtension(line.GetValue(model)!, ".quantized.onnx"),
                Scheme(line.GetValue(block) is not null && line.GetResult(bits) is null or { Implicit: true } ? BlockProducts.Bits
                    : line.GetValue(bits), line.GetValue(weightsOnly) || line.GetValue(block) is not null ? "none"
                    : line.GetValue(activations)!, line.GetValue(ends), line.GetValue(layers)!, line.GetValue(ranges)!),
                    line.GetValue(samples), line.GetValue(packed), line.GetValue(keepNames),
                line.GetValue(targetSize) is { } size ? ByteCount.Parse("--target-size", size)
                    : null, line.GetValue(maxLoss) is { } loss ? Share.Points("--max-loss", loss) : null, line.GetValue(block)),
            work.Read(line), fineTune.Read(line), stop)));
        return command;
    }

    static ExitCode Run(Request request, Work work, FineTuneRequest fineTune, CancellationToken stop)
    {
        if (request.Samples < 1)
            throw new CliException(ExitCode.Usage, $"--samples must be 1 or more, but is {request.Samples}.");
        CheckBlock(request, fineTune);
        var graph = ModelFiles.ReadGraph(request.Model);
        using var output = OutputFile.At(request.Output, [request.Model, work.Data]);
        bool needsData = request.Scheme.ActivationBits is not null || fineTune.Options.Epochs > 0;
        var data = needsData || work.Data is not null ? ModelData.Load(work, graph, forMeasuring: false, request.Samples) : null;
        if (data?.IsRandom == true && needsData)
            Tell.Note($"Ranges of activations are chosen on random inputs, which are unlike the model's data: expect a worse "
                + $"model than with samples.");
        var made = request.Block is { } block ? Blocks(request, graph, block)
            : Integers(request, graph, data, work, fineTune, stop);
        var written = request.KeepNames ? made.Graph : GraphNames.Shorten(made.Graph);
        CheckedFile.Write(output, written, made.Simulated, Load, CheckedFile.CheckOn(Load, data?.FeedsFor, work));
        if (data?.Labeled is { } test)
            Console.Out.Write(EvaluateCommand.Table(
                ModelComparison.Measure([ComparedModel.Read(request.Model, graph), ComparedModel.Written(output, written)], test,
                    stop)));
        long before = new FileInfo(request.Model).Length, after = output.Length;
        Tell.Result($"{request.Output}: {Quantity.Bytes(after)}, {Quantity.Ratio(before, after)} smaller than "
            + $"{Quantity.Bytes(before)}");
        output.Keep();
        return ExitCode.Done;

        RuntimeModel Load() => LoadedModel.OfFile(request.Model, graph);
    }

    static void CheckBlock(Request request, FineTuneRequest fineTune)
    {
        if (request.Block is not { } block)
            return;
        if (!BlockProducts.Blocks.Contains(block))
            throw new CliException(ExitCode.Usage, $"--block is {string.Join(", ", BlockProducts.Blocks)}, but is {block}.");
        if (request.Scheme.WeightBits != BlockProducts.Bits || request.Packed || request.TargetBytes is not null
            || request.MaxLoss is not null || fineTune.Options.Epochs > 0)
            throw new CliException(ExitCode.Usage,
                $"--block gives weights {BlockProducts.Bits} bits after training: it goes without --packed, --target-size, "
                    + $"--max-loss, --fine-tune and other --bits.");
        if (request.Scheme.LayerBits.Keys.FirstOrDefault() is { } layer)
            throw new CliException(ExitCode.Usage,
                $"--block has {BlockProducts.Bits} bits for every product; with --layer {layer}=32 one stays in floats.");
    }

    static (ModelGraph Graph, Func<ModelGraph> Simulated) Blocks(Request request, ModelGraph graph, int block)
    {
        var made = BlockProducts.Apply(PostTraining.Prepare(graph, request.Scheme), block, request.Scheme.LeaveAlone);
        TellSkipped(request, graph, made.Layers.Count, made.Skipped);
        return (made.Graph, Once(made.Simulated));
    }

    // What is as large as the model is not kept once it was used.
    static Func<ModelGraph> Once(ModelGraph? graph) => () =>
    {
        var given = graph!;
        graph = null;
        return given;
    };

    static (ModelGraph Graph, Func<ModelGraph> Simulated) Integers(Request request, ModelGraph graph, ModelData? data, Work work,
        FineTuneRequest fineTune, CancellationToken stop)
    {
        var source = data?.Source;
        if (source is null && (fineTune.Options.Epochs > 0 || request.TargetBytes is not null || request.MaxLoss is not null))
            source = work.Load(graph);
        var samples = fineTune.SamplesOf(source);
        if (request.TargetBytes is not null || request.MaxLoss is not null)
            request = Allocated(request, graph, source!, stop);
        var prepared = PostTraining.Prepare(graph, request.Scheme);
        var plan = InputErrors.Explain(() => QuantizationPlan.Of(prepared, request.Scheme));
        TellSkipped(request, graph, plan.Layers.Count, plan.Skipped);
        var quantized = InputErrors.Explain(() => Quantized(request, graph, data, stop));
        var trained = fineTune.Run(graph, quantized, samples, work, null, stop);
        return (QdqLowering.Apply(trained, request.Packed), () => SimulatedIntegers.Of(trained));
    }

    static ModelGraph Quantized(Request request, ModelGraph graph, ModelData? data, CancellationToken stop)
    {
        if (data is null)
            return PostTraining.Quantize(graph, request.Scheme, (ModelFeeds?)null, cancellation: stop);
        ModelFeeds feeds;
        using (var model = LoadedModel.OfFile(request.Model, graph))
            feeds = data.FeedsFor(model);
        return PostTraining.Quantize(graph, request.Scheme, feeds, observed => LoadedModel.Of(() => observed, request.Output),
            stop);
    }

    static void TellSkipped(Request request, ModelGraph graph, int layers, IReadOnlyList<SkippedLayer> skipped)
    {
        foreach (var each in skipped)
            Tell.Note($"The {each.Node} stays in floats: {each.Reason}.");
        var holder = TakenBranches.Of(graph).Nodes.FirstOrDefault(node => node.Subgraphs.SelectMany(inner => inner.Nodes)
            .Any(inner => inner.OpType is "Conv" or "Gemm" or "MatMul"));
        if (holder is not null && layers > 0)
            Tell.Note($"Products in graphs inside of the {holder} stay in floats.");
        if (layers == 0)
            throw new CliException(ExitCode.Input,
                $"No layer of '{request.Model}' can be given fewer bits: {ReasonForNone(graph, skipped, holder)}. Nothing was "
                    + $"written.");
        if (skipped.Count > 0)
            Tell.Note($"{layers} of {layers + skipped.Count} layers have integers.");
    }

    static string ReasonForNone(ModelGraph graph, IReadOnlyList<SkippedLayer> skipped, Node? holder) =>
        graph.Nodes.FirstOrDefault(IsQuantized) is { } already
        ? $"it is quantized already, as the {already} shows"
        : skipped.Count == 0 && holder is not null
        ? $"its products stand in graphs inside of the {holder}, which are not quantized; export the model without branches"
        : skipped.Count == 0 ? "it has no Conv, Gemm or MatMul"
        : $"each stays in floats, such as the {skipped[0].Node}: {skipped[0].Reason}";

    static bool IsQuantized(Node node) =>
        node.OpType is "DequantizeLinear" or "QuantizeLinear" or "ConvInteger" or "MatMulInteger" or "QLinearConv"
            or "QLinearMatMul"
        or BlockProducts.OpType or FakeQuantizer.OpType
            || node.OpType.StartsWith("com.microsoft.QLinear", StringComparison.Ordinal);

    static Request Allocated(Request request, ModelGraph graph, DataSource data, CancellationToken stop)
    {
        var scheme = request.Scheme with { LeaveSingleChannels = false };
        var chosen = InputErrors.Explain(() =>
            BitAllocation.Choose(graph, scheme, Some(data.Samples, request.Samples), data.Labeled(), request.TargetBytes,
                request.MaxLoss, stop));
        foreach (var (name, bits) in chosen.LayerBits)
            Tell.Note($"{name}: {bits} bits");
        if (!chosen.IsReached)
            Tell.Note($"What was asked for is out of reach: the nearest takes {Quantity.Bytes(chosen.Bytes)} at an accuracy of "
                + $"{Quantity.Percent(chosen.Accuracy)}. Prune channels first, or allow more loss.");
        return request with { Scheme = scheme with { LayerBits = chosen.LayerBits }, Packed = true };
    }

    // Spread over the set, which may be sorted.
    static LabeledSet Some(LabeledSet set, int samples)
    {
        int count = Math.Min(samples, set.Count);
        return set.Take(set.Name, [.. Enumerable.Range(0, count).Select(i => (int)((long)set.Count * i / count))]);
    }

    static QuantizationScheme Scheme(int bits, string activations, int ends, string[] layers, string ranges)
    {
        var named = layers.Select(Layer).ToArray();
        int? activationBits = activations == "none" ? null : Bits("--activations", activations, least: 2);
        if (bits is < 1 or > 8)
            throw new CliException(ExitCode.Usage, $"--bits must be 1 to 8, but is {bits}.");
        if (ends is < 1 or > 8)
            throw new CliException(ExitCode.Usage, $"--ends must be 1 to 8, but is {ends}.");
        return new QuantizationScheme(bits, activationBits)
        {
            EndBits = ends > bits ? ends : null,
            LayerBits = named.Where(layer => layer.Bits <= 8).ToDictionary(layer => layer.Name, layer => layer.Bits),
            LeaveAlone = [.. named.Where(layer => layer.Bits == 32).Select(layer => layer.Name)],
            Ranges = Policy(ranges),
        };
    }

    static (string Name, int Bits) Layer(string text)
    {
        int sign = text.LastIndexOf('=');
        return sign > 0
            ? (text[..sign], text[(sign + 1)..] == "32" ? 32 : Bits("--layer", text[(sign + 1)..], least: 1))
            : throw new CliException(ExitCode.Usage, $"--layer is WEIGHT=BITS, such as fc1.weight=4, but is '{text}'.");
    }

    static int Bits(string option, string text, int least) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int bits) && bits >= least && bits <= 8
        ? bits
        : throw new CliException(ExitCode.Usage, $"{option}: bits are {least} to 8, but are '{text}'.");

    static RangePolicy Policy(string text) => text switch
    {
        "min-max" => new MinMax(),
        "mse" => new MeanSquaredError(),
        _ when text.EndsWith('%')
            && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is > 50
                and <= 100 => new Percentile(share),
        _ => throw new CliException(ExitCode.Usage,
            $"--ranges is min-max, mse, or a percentile above 50% such as 99.99%, but is '{text}'."),
    };
}
