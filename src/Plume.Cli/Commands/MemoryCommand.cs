using System.CommandLine;
using System.Diagnostics;
using Plume.Cli.Errors;
using Plume.Cli.Setup;
using Plume.Compression.Randomness;
using Plume.Learning.Inference;
using Plume.Models.Building;

namespace Plume.Cli.Commands;

/// <summary>A process of its own in which <c>plume evaluate</c> measures what memory a model takes in ONNX Runtime.</summary>
static class MemoryCommand
{
    public const string Name = "measure-memory";
    const int Runs = 10;

    public static Command Create()
    {
        var model = new Argument<string>("model");
        var shape = new Argument<long[]>("shape");
        var command = new Command(Name, "Print the bytes that a model takes in ONNX Runtime.") { model, shape };
        command.Hidden = true;
        command.SetAction(line => (int)Run(line.GetValue(model)!, line.GetValue(shape)!));
        return command;
    }

    static ExitCode Run(string path, long[] shape)
    {
        var graph = ModelFiles.ReadGraph(path);
        // What the runtime itself takes is there before the model comes.
        using (var idle = new RuntimeModel(new GraphBuilder([1], RandomKey.FromSeed(0)).Relu().Build("idle")))
            idle.Run(new float[1], [1, 1]);
        GC.Collect();
        long before = Resident();
        long most = before;
        using var session = new RuntimeModel(graph);
        for (int run = 0; run < Runs; run++)
        {
            session.Run(new float[shape.Aggregate(1L, (product, length) => product * length)], shape);
            most = Math.Max(most, Resident());
        }

        Console.Out.WriteLine(most - before);
        return ExitCode.Done;
    }

    static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
