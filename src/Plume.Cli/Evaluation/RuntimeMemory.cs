using System.Diagnostics;
using System.Globalization;
using Plume.Cli.Errors;
using Plume.Compression.Randomness;
using Plume.Learning.Inference;
using Plume.Models.Building;
using Plume.Models.Graph;

namespace Plume.Cli.Evaluation;

/// <summary>What memory a model takes in ONNX Runtime.</summary>
static class RuntimeMemory
{
    /// <summary>The command of this program that prints <see cref="Measure"/>.</summary>
    public const string Command = "measure-memory";

    const int Runs = 10;
    const string Scalar = "scalar";

    /// <summary>Bytes that a model takes, in a process of its own: what one model frees, another would get for nothing.</summary>
    /// <exception cref="CliException">The process did not say.</exception>
    public static long Of(ComparedModel model, ModelFeed feed)
    {
        string[] arguments = [Command, model.File, .. feed.Tensors.Select(tensor => TextOf(tensor.Shape))];
        using var process = OwnProgram.Start(arguments);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return long.TryParse(output, CultureInfo.InvariantCulture, out long bytes)
            ? bytes
            : throw new CliException(ExitCode.Run,
                $"The process that measures the memory of '{model.Name}' ended with {process.ExitCode}.");
    }

    /// <summary>Runs a model on zeros, in this process.</summary>
    /// <param name="path">The model's file.</param>
    /// <param name="shapes">Of its inputs, as <see cref="Of"/> writes them.</param>
    /// <returns>Bytes that it took at most.</returns>
    public static long Measure(string path, string[] shapes)
    {
        var measured = ComparedModel.Read(path);
        // What the runtime itself takes is there before the model comes.
        using (var idle = new RuntimeModel(new GraphBuilder([1], RandomKey.FromSeed(0)).Relu().Build("idle")))
            idle.Run(new float[1], [1, 1]);
        GC.Collect();
        long before = Resident();
        long most = before;
        using var session = measured.Open();
        RuntimeTensor[] zeros = [.. session.Inputs.Zip(shapes, (input, shape) => Zeros(input, ShapeOf(shape)))];
        for (int run = 0; run < Runs; run++)
        {
            session.Run(zeros);
            most = Math.Max(most, Resident());
        }

        return most - before;
    }

    static RuntimeTensor Zeros(ValueInfo input, long[] shape) =>
        RuntimeTensor.Of(input.Name, input.ElementType, shape,
            new float[shape.Aggregate(1L, (product, length) => product * length)]);

    static long[] ShapeOf(string text) => text == Scalar ? []
        : [.. text.Split('x').Select(length => long.Parse(length, CultureInfo.InvariantCulture))];

    static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    static string TextOf(IReadOnlyList<long> shape) => shape.Count == 0 ? Scalar : string.Join('x', shape);
}
