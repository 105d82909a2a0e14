using Plume.Cli.Outputs;
using Plume.Models.Graph;

namespace Plume.Cli.Evaluation;

/// <summary>A model to measure beside others.</summary>
/// <param name="Name">What the user calls it.</param>
/// <param name="File">Where its bytes lie.</param>
/// <param name="Graph">What is in them.</param>
sealed record ComparedModel(string Name, string File, ModelGraph Graph)
{
    /// <summary>A model that was read from a file.</summary>
    public static ComparedModel Read(string file, ModelGraph graph) => new(file, file, graph);

    /// <summary>A model that was written and is not kept yet.</summary>
    public static ComparedModel Written(OutputFile file, ModelGraph graph) => new(file.Path, file.Draft, graph);
}
