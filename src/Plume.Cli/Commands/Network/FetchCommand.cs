using System.CommandLine;
using Plume.Cli.Errors;
using Plume.Cli.Network;
using Plume.Cli.Outputs;
using Plume.Cli.Runs;
using Plume.Cli.Terminal;
using Plume.Pages.Charts;
using Plume.Protocol.V1;

namespace Plume.Cli.Commands.Network;

/// <summary><c>plume fetch</c>: takes a federation's newest model from its server.</summary>
static class FetchCommand
{
    public static Command Create()
    {
        var (command, connection, federation) = OperateCommands.New("fetch", "Take a federation's newest model from its server.");
        var output = new Option<string>("-o", "--output")
        {
            Description = "The file to write, .onnx.",
            DefaultValueFactory = _ => "model.onnx",
        };
        var experiment = new Option<string?>("--experiment")
        {
            Description = "The experiment that the server has: what its 'ships' makes of the model is fetched, measured on its "
                + "test samples.",
            HelpName = "FILE",
        };
        var overrides = new Option<string[]>("--set")
        {
            Description = "Override a key of the experiment, as plume serve was told.",
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
        };
        command.Options.Add(output);
        command.Options.Add(experiment);
        command.Options.Add(overrides);
        command.SetAction(async (line, stop) =>
        {
            string path = line.GetValue(output)!;
            if (!path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
                throw new CliException(ExitCode.Usage, $"The model is written as .onnx, but '{path}' does not end in it.");
            var ships = ShippedFetch.Of(line.GetValue(experiment), line.GetValue(overrides)!);
            using var file = OutputFile.At(path, [line.GetValue(experiment)]);
            var model = await connection.CallAsync(line,
                calls => FetchedModel.FetchAsync(new Operation.OperationClient(calls), line.GetValue(federation)!, stop));
            var shipped = ships is null ? ShippedModel.Of(model.Graph, null, path) : ships.Make(model.Graph, path);
            file.Write(shipped.Bytes);
            if (ships is null)
                Tell.Result($"{path}: version {model.Version}, {model.Graph.Weights.Length} parameters");
            else
                Tell.Result($"{path}: version {model.Version} through '{ships.Line}', {ships.Metric} "
                    + $"{Quantity.Percent(shipped.Accuracy)}, {Quantity.Bytes(shipped.Bytes.Length)}");
            file.Keep();
            return (int)ExitCode.Done;
        });
        return command;
    }
}
