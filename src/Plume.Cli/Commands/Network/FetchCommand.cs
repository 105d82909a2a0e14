using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Network;
using Plume.Cli.Outputs;
using Plume.Cli.Runs;
using Plume.Protocol.V1;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume fetch</c>: takes a federation's newest model from its server.</summary>
static class FetchCommand
{
    public static Command Create()
    {
        var (command, connection, federation) = OperateCommands.New("fetch", "Take a federation's newest model from its server.");
        var output = new Option<string>("-o", "--output") { Description = "The file to write, .onnx.", DefaultValueFactory = _ => "model.onnx" };
        command.Options.Add(output);
        command.SetAction(async (line, stop) =>
        {
            string path = line.GetValue(output)!;
            if (!path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
                throw new CliException(ExitCode.Usage, $"The model is written as .onnx, but '{path}' does not end in it.");
            using var file = OutputFile.At(path, []);
            var model = await connection.CallAsync(line, calls => FetchedModel.FetchAsync(new Operation.OperationClient(calls), line.GetValue(federation)!, stop));
            file.Write(ShippedModel.Of(model.Graph, null, path).Bytes);
            Tell.Result($"{path}: version {model.Version}, {model.Graph.Weights.Length} parameters");
            file.Keep();
            return (int)ExitCode.Done;
        });
        return command;
    }
}
