using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Network;
using Plume.Models.Onnx;
using Plume.Protocol.V1;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume fetch</c>: takes a federation's newest model from its server.</summary>
static class FetchCommand
{
    public static Command Create()
    {
        var federation = new Option<string>("--federation") { Description = "The federation: the name in its experiment.", DefaultValueFactory = _ => "digits" };
        var output = new Option<string>("-o", "--output") { Description = "The file to write, .onnx.", DefaultValueFactory = _ => "model.onnx" };
        var command = new Command("fetch", "Take a federation's newest model from its server.");
        var connection = new ServerConnection(command);
        command.Options.Add(federation);
        command.Options.Add(output);
        command.SetAction(async (line, stop) =>
        {
            string path = line.GetValue(output)!;
            if (!path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
                throw new CliException(ExitCode.Usage, $"The model is written as .onnx, but '{path}' does not end in it.");
            if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
                throw new CliException(ExitCode.Output, $"The model cannot be written to '{path}': there is no folder '{Path.GetDirectoryName(Path.GetFullPath(path))}'. Make it first.");
            var model = await connection.CallAsync(line, calls => FetchedModel.FetchAsync(new Operation.OperationClient(calls), line.GetValue(federation)!, stop));
            OnnxFile.WriteFile(path, model.Graph);
            Console.Out.WriteLine($"{path}: version {model.Version}, {model.Graph.Weights.Length} parameters");
            return (int)ExitCode.Done;
        });
        return command;
    }
}
