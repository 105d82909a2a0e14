using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Outputs;
using Plume.Cli.Setup;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Compression.Codecs;
using Plume.Compression.Container;
using Plume.Models.Container;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands.OfModels;

/// <summary><c>plume compress</c>: a model becomes a .plume file by a codec line.</summary>
static class CompressCommand
{
    public static Command Create()
    {
        var input = new Argument<string>("model") { Description = "The model: .onnx or .safetensors." };
        var codec = new Option<string>("--codec")
        {
            Description = "The codec, such as \"uniform(8, channel) | rans\".",
            DefaultValueFactory = _ => Runs.RunModels.Floats.Text,
        };
        var output = new Option<string?>("-o", "--output")
        {
            Description = "The file to write; without it, the model's name with .plume.",
        };
        var reference = new Option<string?>("--reference")
        {
            Description = "The model that a codec with delta takes the difference from.",
        };
        var command = new Command("compress", "Compress a model to a .plume file.") { input, codec, output, reference };
        command.SetAction(line =>
            (int)Run(line.GetValue(input)!, line.GetValue(codec)!, line.GetValue(output), line.GetValue(reference)));
        return command;
    }

    static ExitCode Run(string input, string line, string? output, string? reference)
    {
        var codec = CodecLine.Parse(line);
        if (codec.IsSecure)
            throw new CliException(ExitCode.Usage,
                $"'{codec}' is for updates that are added up, and counts what is beyond its levels as the outermost; for a "
                    + $"file write, for example, uniform(8, channel) | rans.");
        var parts = Parts(input, codec);
        using var target = OutputFile.At(output ?? Path.ChangeExtension(input, ".plume"), [input, reference]);
        var against = reference is null ? null : ModelFiles.Read(reference).Weights;
        Evaluation.LoadedModel.GiveBack(new FileInfo(input).Length);
        var file = CodecLine.Apply(() => parts.Encode(codec, against));
        target.Write(file.WriteTo);
        long before = new FileInfo(input).Length, after = target.Length;
        Tell.Result($"{target.Path}: {Quantity.Bytes(after)}, {Quantity.Ratio(before, after)} smaller than "
            + $"{Quantity.Bytes(before)}, {8.0 * file.Payload.Length / Math.Max(1, file.Layout.Length):0.###} bits per parameter");
        target.Keep();
        return ExitCode.Done;
    }

    // By itself, so that nothing holds the model while its weights are coded.
    static ModelParts Parts(string input, Codec codec)
    {
        var model = ModelFiles.Read(input).WithWeights();
        RequireFinite(model, codec);
        return CodecLine.Apply(() => model switch
        {
            { Graph: { } graph } => CompressedModel.Split(graph, codec),
            { Tensors: { } tensors } => CompressedModel.Split(tensors, codec),
            _ => new ModelParts(model.Weights, default, PlumeSource.WholeOnnx, null),
        });
    }

    // Here the file is at fault, not the line; a lossless line carries whatever it holds.
    static void RequireFinite(ModelFiles model, Codec codec)
    {
        if (!codec.IsLossless && model.FirstNotFinite() is var (tensor, index, value))
            throw new CliException(ExitCode.Input,
                $"'{model.Path}' holds {value} as value {index} of tensor '{tensor}', and '{codec}' takes finite values only. "
                    + $"A lossless line, such as rans, carries it.");
    }
}
