using System.CommandLine;
using Plume.Cli.Bench;
using Plume.Cli.Errors;
using Plume.Cli.Setup.Sources;
using Plume.Cli.Terminal;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Models.Graph;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands.OfModels;

/// <summary><c>plume inspect</c>: what is in a model file, tensor by tensor.</summary>
static class InspectCommand
{
    public static Command Create()
    {
        var input = new Argument<string>("file") { Description = "The file: .plume, .onnx or .safetensors." };
        var against = new Option<string?>("--against")
        {
            Description = "The original model, to measure the reconstruction error.",
        };
        var reference = new Option<string?>("--reference")
        {
            Description = "The model that a .plume file with delta was made against.",
        };
        var command = new Command("inspect", "Show what is in a model file.") { input, against, reference };
        command.SetAction(line => (int)Run(line.GetValue(input)!, line.GetValue(against), line.GetValue(reference)));
        return command;
    }

    static ExitCode Run(string input, string? against, string? reference)
    {
        var model = ModelFiles.Read(input, reference).WithWeights();
        var original = against is null ? null : ModelFiles.Read(against).Weights;
        if (original is not null && !original.Layout.Equals(model.Weights.Layout))
            throw new CliException(ExitCode.Input,
                $"'{against}' has other tensors than '{input}', so there is no error to measure.");
        var layout = model.Weights.Layout;
        long size = new FileInfo(input).Length;
        Tell.Result($"{input}: {Quantity.Bytes(size)}, {layout.Tensors.Count} tensors, {layout.Length} parameters, "
            + $"{8.0 * size / Math.Max(1, layout.Length):0.###} bits per parameter with everything");
        if (model.Compressed is { } file)
            Tell.Result($"codec {file.Codec}, payload {Quantity.Bytes(file.Payload.Length)}, graph "
                + $"{Quantity.Bytes(file.Graph.Length)}");
        Write(model, original);
        return ExitCode.Done;
    }

    static void Write(ModelFiles model, ModelWeights? original)
    {
        var bits = Bits(model);
        var types = Types(model);
        var weights = model.Weights;
        Console.Out.Write(TextTable.Print(["tensor", "shape", "role", "type", ">values", ">bits a value", ">zeros", ">NMSE"],
            [.. weights.Layout.Tensors.Select(tensor => (string[])
        [
            tensor.Name,
            string.Join(" x ", tensor.Shape),
            tensor.Role.ToString(),
            types.GetValueOrDefault(tensor.Name, "F32"),
            $"{tensor.Length}",
            $"{(double)bits[tensor.Name] / Math.Max(1, tensor.Length):0.###}",
            Quantity.Percent(ZeroShare(weights[tensor])),
            original is null ? "-" : $"{Distortion.Nmse(original[tensor], weights[tensor]):0.######}",
        ]), .. Others(model)]));
        if (original is not null)
            Console.Out.WriteLine($"NMSE of the whole model {Distortion.Nmse(original.Values, weights.Values):0.########}");
    }

    // What no codec rewrites: tensors of integers and of types that are carried as they are.
    static IEnumerable<string[]> Others(ModelFiles model)
    {
        foreach (var tensor in model.Tensors?.Tensors.Where(tensor => !tensor.IsFloat) ?? [])
            yield return Row(tensor.Name, tensor.Shape, tensor.Type, tensor.Data.Length);
        foreach (var tensor in model.Graph?.Initializers.Where(tensor => ModelFiles.IsInteger(tensor)) ?? [])
            yield return Row(tensor.Name, tensor.Shape, tensor.ElementType.ToString(), tensor.Data.Length);
    }

    static string[] Row(string name, IReadOnlyList<int> shape, string type, long bytes)
    {
        long values = shape.Aggregate(1L, (product, length) => product * length);
        return [name, string.Join(" x ", shape), "-", type, $"{values}", $"{8.0 * bytes / Math.Max(1, values):0.###}", "-", "-"];
    }

    static Dictionary<string, long> Bits(ModelFiles model)
    {
        var types = Types(model);
        var bits = model.Weights.Layout.Tensors.ToDictionary(tensor => tensor.Name,
            tensor => WidthOf(types.GetValueOrDefault(tensor.Name, "F32")) * tensor.Length, StringComparer.Ordinal);
        if (model.Compressed is { } file)
        {
            foreach (var (tensor, measured) in file.Layout.Tensors.Zip(new PayloadDecoder(file.Codec, file.Layout)
                .MeasureTensors(file.Payload)))
                bits[tensor.Name] = measured;
        }

        return bits;
    }

    static long WidthOf(string type) => type switch { "F64" => 64, "F16" or "BF16" => 16, _ => 32 };

    // In one notation, whatever the file's own is.
    static Dictionary<string, string> Types(ModelFiles model) => model switch
    {
        { Graph: { } graph } => graph.Initializers.Where(tensor => tensor.IsFloat)
            .ToDictionary(tensor => tensor.Name, tensor => tensor.ElementType.ToFloatFormat().ToString()!,
                StringComparer.Ordinal),
        { Tensors: { } tensors } =>
            tensors.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Type, StringComparer.Ordinal),
        _ => [],
    };

    static double ZeroShare(ReadOnlySpan<float> values)
    {
        int zeros = 0;
        foreach (float value in values)
            zeros += value == 0 ? 1 : 0;
        return values.IsEmpty ? 0 : (double)zeros / values.Length;
    }
}
