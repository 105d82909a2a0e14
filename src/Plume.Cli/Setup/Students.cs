using Plume.Cli.Errors;
using Plume.Models.Graph;
using Plume.Models.Zoo;

namespace Plume.Cli.Setup;

/// <summary>The student that <c>--student</c> names, with the weights it starts from.</summary>
static class Students
{
    /// <summary>A built-in model, a file, or a share of the teacher's multiply-adds.</summary>
    /// <exception cref="CliException">It is none of these, or does not fit the data.</exception>
    public static ModelGraph Find(string name, ModelGraph teacher, DataSource data, Work work)
    {
        if (Path.HasExtension(name) && File.Exists(name))
            return ModelFiles.ReadGraph(name);
        return InputErrors.Explain(() => ModelZoo.Build(name, data.Train.SampleShape, data.Train.Classes, work.Key.Fold("model")));
    }
}
