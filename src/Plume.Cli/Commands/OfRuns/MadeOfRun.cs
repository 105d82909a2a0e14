using Plume.Cli.Outputs;
using Plume.Cli.Runs;
using Plume.Cli.Terminal;
using Plume.Pages.Charts;

namespace Plume.Cli.Commands.OfRuns;

/// <summary>A file that is made of a run's folder, and never in the place of what it is made of.</summary>
static class MadeOfRun
{
    /// <summary>Writes it, and says where it is and how long.</summary>
    public static void Write(RunFolder folder, string path, byte[] bytes)
    {
        using var target = OutputFile.At(path, [folder.Experiment, folder.Metrics, folder.Result]);
        target.Write(bytes);
        Tell.Result($"{target.Path}: {Quantity.Bytes(target.Length)}");
        target.Keep();
    }
}
