using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Evaluation;

namespace Plume.Cli.Commands.OfModels;

/// <summary>A process of its own in which <c>plume evaluate</c> measures what memory a model takes in ONNX Runtime.</summary>
static class MemoryCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model");
        var shapes = new Argument<string[]>("shapes");
        var command = new Command(RuntimeMemory.Command, "Print the bytes that a model takes in ONNX Runtime.") { model, shapes };
        command.Hidden = true;
        command.SetAction(line =>
        {
            Console.Out.WriteLine(RuntimeMemory.Measure(line.GetValue(model)!, line.GetValue(shapes)!));
            return (int)ExitCode.Done;
        });
        return command;
    }
}
