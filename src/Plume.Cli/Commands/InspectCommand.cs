using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Setup;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;

namespace Plume.Cli.Commands;

/// <summary><c>plume inspect</c>: what is in a model file, tensor by tensor.</summary>
static class InspectCommand
{
    public static Command Create()
    {
        var input = new Argument<string>("file") { Description = "The file: .plume, .onnx or .safetensors." };
        var against = new Option<string?>("--against") { Description = "The original model, to measure the reconstruction error." };
        var reference = new Option<string?>("--reference") { Description = "The model that a .plume file with delta was made against." };
        var command = new Command("inspect", "Show what is in a model file.") { input, against, reference };
        command.SetAction(line => (int)Run(line.GetValue(input)!, line.GetValue(against), line.GetValue(reference)));
        return command;
    }

    static ExitCode Run(string input, string? against, string? reference)
    {
        var model = ModelFiles.Read(input, reference);
        var original = against is null ? null : ModelFiles.Read(against).Weights;
        if (original is not null && !original.Layout.Equals(model.Weights.Layout))
            throw new CliException(ExitCode.Input, $"'{against}' has other tensors than '{input}', so there is no error to measure.");
        var layout = model.Weights.Layout;
        long size = new FileInfo(input).Length;
        Tell.Result($"{input}: {Quantity.Bytes(size)}, {layout.Tensors.Count} tensors, {layout.Length} parameters, {8.0 * size / Math.Max(1, layout.Length):0.###} bits per parameter with everything");
        if (model.Compressed is { } file)
            Tell.Result($"codec {file.Codec}, payload {Quantity.Bytes(file.Payload.Length)}, graph {Quantity.Bytes(file.Graph.Length)}");
        Write(model, original);
        return ExitCode.Done;
    }

    static void Write(ModelFiles model, ModelWeights? original)
    {
        var bits = Bits(model);
        var weights = model.Weights;
        Console.Out.Write(TextTable.Print(["tensor", "shape", "role", ">values", ">bits a value", ">zeros", ">NMSE"], weights.Layout.Tensors.Select((tensor, i) => (string[])
        [
            tensor.Name,
            string.Join(" x ", tensor.Shape),
            tensor.Role.ToString(),
            $"{tensor.Length}",
            $"{(double)bits[i] / Math.Max(1, tensor.Length):0.###}",
            Quantity.Percent(ZeroShare(weights[tensor])),
            original is null ? "-" : $"{Distortion.Nmse(original[tensor], weights[tensor]):0.######}",
        ])));
        if (original is not null)
            Tell.Result($"NMSE of the whole model {Distortion.Nmse(original.Values, weights.Values):0.########}");
    }

    static IReadOnlyList<long> Bits(ModelFiles model) => model.Compressed is { } file
        ? new PayloadDecoder(file.Codec, file.Layout).MeasureTensors(file.Payload)
        : [.. model.Weights.Layout.Tensors.Select(tensor => 32L * tensor.Length)];

    static double ZeroShare(ReadOnlySpan<float> values)
    {
        int zeros = 0;
        foreach (float value in values)
            zeros += value == 0 ? 1 : 0;
        return values.IsEmpty ? 0 : (double)zeros / values.Length;
    }
}
