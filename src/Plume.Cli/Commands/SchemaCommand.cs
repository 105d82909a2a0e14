using System.CommandLine;
using Plume.Cli.Experiments;

namespace Plume.Cli.Commands;

/// <summary><c>plume schema</c>: prints the JSON schema of experiment files, from which editors complete.</summary>
static class SchemaCommand
{
    public static Command Create()
    {
        var command = new Command("schema", "Print the JSON schema of experiment files.");
        command.SetAction(_ => Console.Out.Write(ExperimentSchema.Text));
        return command;
    }
}
