using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Plume.Cli.Errors;
using Plume.Cli.Evaluation;
using Plume.Compression.Randomness;
using Plume.Learning.Inference;
using Plume.Models.Building;

namespace Plume.Cli.Commands;

/// <summary>A process of its own in which <c>plume evaluate</c> measures what memory a model takes in ONNX Runtime.</summary>
static class MemoryCommand
{
    public const string Name = "measure-memory";
    const int Runs = 10;
    const string Scalar = "scalar";

    public static Command Create()
    {
        var model = new Argument<string>("model");
        var shapes = new Argument<string[]>("shapes");
        var command = new Command(Name, "Print the bytes that a model takes in ONNX Runtime.") { model, shapes };
        command.Hidden = true;
        command.SetAction(line => (int)Run(line.GetValue(model)!, line.GetValue(shapes)!));
        return command;
    }

    /// <summary>The shape of an input as this command takes it.</summary>
    public static string TextOf(IReadOnlyList<long> shape) => shape.Count == 0 ? Scalar : string.Join('x', shape);

    static ExitCode Run(string path, string[] shapes)
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

        Console.Out.WriteLine(most - before);
        return ExitCode.Done;
    }

    static RuntimeTensor Zeros(Models.Graph.ValueInfo input, long[] shape) =>
        RuntimeTensor.Of(input.Name, input.ElementType, shape, new float[shape.Aggregate(1L, (product, length) => product * length)]);

    static long[] ShapeOf(string text) => text == Scalar ? [] : [.. text.Split('x').Select(length => long.Parse(length, CultureInfo.InvariantCulture))];

    static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
