using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Outputs;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Compression.Weights.Formats;
using Plume.Models.Onnx;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands.OfModels;

/// <summary><c>plume decompress</c>: a .plume file becomes a model again.</summary>
static class DecompressCommand
{
    public static Command Create()
    {
        var input = new Argument<string>("file") { Description = "The .plume file." };
        var output = new Option<string?>("-o", "--output")
        {
            Description = "The file to write, .onnx or .safetensors; without it, the same name with the ending of what was "
                + "compressed.",
        };
        var reference = new Option<string?>("--reference") { Description = "The model that a file with delta was made against." };
        var command = new Command("decompress", "Turn a .plume file into a model again.") { input, output, reference };
        command.SetAction(line => (int)Run(line.GetValue(input)!, line.GetValue(output), line.GetValue(reference)));
        return command;
    }

    static ExitCode Run(string input, string? output, string? reference)
    {
        if (!input.EndsWith(".plume", StringComparison.OrdinalIgnoreCase))
            throw new CliException(ExitCode.Usage, $"A compressed model ends in .plume, but '{input}' does not.");
        var model = ModelFiles.Read(input, reference);
        using var target = OutputFile.At(output
            ?? Path.ChangeExtension(input, model.Graph is null ? ".safetensors" : ".onnx"), [input, reference]);
        Write(model, target);
        var layout = model.Graph?.Weights ?? model.Weights.Layout;
        Tell.Result($"{target.Path}: {Quantity.Bytes(target.Length)}, {layout.Tensors.Count} tensors, {layout.Length} parameters");
        target.Keep();
        return ExitCode.Done;
    }

    static void Write(ModelFiles model, OutputFile target)
    {
        switch (Path.GetExtension(target.Path).ToUpperInvariant(), model.Graph)
        {
            case (".SAFETENSORS", _):
                target.Write(model.Tensors?.ToBytes() ?? Safetensors.Write(model.Weights));
                break;
            case (".ONNX", { } graph):
                target.Write(file => OnnxFile.Write(graph, file));
                break;
            case (".ONNX", null):
                throw new CliException(ExitCode.Usage,
                    "The file holds weights without a graph, so no .onnx can be made of it; write a .safetensors file.");
            case var (ending, _):
                throw new CliException(ExitCode.Usage,
                    $"A model is written as .onnx or .safetensors, but '{target.Path}' ends in '{ending}'.");
        }
    }
}
