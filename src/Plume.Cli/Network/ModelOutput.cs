using Plume.Cli.Errors;

namespace Plume.Cli.Network;

/// <summary>The file for a model that a federation is to give.</summary>
static class ModelOutput
{
    /// <summary>Looks before the work whether the file could be written after it.</summary>
    /// <exception cref="CliException">There is no folder for it.</exception>
    public static void RequireFolder(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        if (!Directory.Exists(folder))
            throw new CliException(ExitCode.Output, $"The model cannot be written to '{path}': there is no folder '{folder}'. Make it first.");
    }
}
