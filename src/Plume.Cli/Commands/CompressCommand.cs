using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Outputs;
using Plume.Cli.Setup;
using Plume.Compression.Codecs;
using Plume.Models.Container;

namespace Plume.Cli.Commands;

/// <summary><c>plume compress</c>: a model becomes a .plume file by a codec line.</summary>
static class CompressCommand
{
    public static Command Create()
    {
        var input = new Argument<string>("model") { Description = "The model: .onnx or .safetensors." };
        var codec = new Option<string>("--codec") { Description = "The codec, such as \"uniform(8, channel) | rans\".", DefaultValueFactory = _ => Runs.RunFiles.ModelCodec.Text };
        var output = new Option<string?>("-o", "--output") { Description = "The file to write; without it, the model's name with .plume." };
        var reference = new Option<string?>("--reference") { Description = "The model that a codec with delta takes the difference from." };
        var command = new Command("compress", "Compress a model to a .plume file.") { input, codec, output, reference };
        command.SetAction(line => (int)Run(line.GetValue(input)!, line.GetValue(codec)!, line.GetValue(output), line.GetValue(reference)));
        return command;
    }

    static ExitCode Run(string input, string line, string? output, string? reference)
    {
        var codec = CodecLine.Parse(line);
        var model = ModelFiles.Read(input).WithWeights();
        using var target = OutputFile.At(output ?? Path.ChangeExtension(input, ".plume"), [input, reference]);
        var against = reference is null ? null : ModelFiles.Read(reference).Weights;
        RequireFinite(model, codec);
        var file = CodecLine.Apply(() => model switch
        {
            { Graph: { } graph } => CompressedModel.Compress(graph, codec, against),
            { Tensors: { } tensors } => CompressedModel.Compress(tensors, codec, against),
            _ => CompressedModel.Compress(model.Weights, codec, against),
        });
        byte[] bytes = file.ToBytes();
        target.Write(bytes);
        long before = new FileInfo(input).Length;
        Tell.Result($"{target.Path}: {Quantity.Bytes(bytes.Length)}, {Quantity.Ratio(before, bytes.Length)} smaller than {Quantity.Bytes(before)}, {8.0 * file.Payload.Length / Math.Max(1, file.Layout.Length):0.###} bits per parameter");
        target.Keep();
        return ExitCode.Done;
    }

    // Here the file is at fault, not the line; a lossless line carries whatever it holds.
    static void RequireFinite(ModelFiles model, Codec codec)
    {
        if (codec.IsLossless)
            return;
        foreach (var tensor in model.Weights.Layout.Tensors)
        {
            var values = model.Weights[tensor];
            for (int i = 0; i < values.Length; i++)
            {
                if (!float.IsFinite(values[i]))
                    throw new CliException(ExitCode.Input, $"'{model.Path}' holds {values[i]} as value {i} of tensor '{tensor.Name}', and '{codec}' takes finite values only. A lossless line, such as rans, carries it.");
            }
        }
    }
}
