using Plume.Cli.Outputs;
using Plume.Learning.Inference;
using Plume.Models.Graph;
using Plume.Models.Graph.Rewrites;
using Plume.Models.Onnx;

namespace Plume.Cli.Evaluation;

/// <summary>
/// Loads models into ONNX Runtime, large ones from the disk: it makes copies of its own, beside which no other should stand.
/// </summary>
static class LoadedModel
{
    const long Large = 16 << 20;

    /// <summary>
    /// A model that was read from a file; that file is loaded where it is an .onnx file without anything that is not needed.
    /// </summary>
    public static RuntimeModel OfFile(string path, ModelGraph graph)
    {
        var live = Live.Of(graph);
        return ReferenceEquals(live, graph) && Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase)
            ? RuntimeModel.OpenFile(path, graph) : new RuntimeModel(live);
    }

    /// <summary>A model that lies in no file.</summary>
    /// <param name="make">Makes it.</param>
    /// <param name="beside">A file beside which a large one is written meanwhile.</param>
    /// <param name="optimized">Whether ONNX Runtime may join and reorder operators.</param>
    /// <exception cref="Errors.CliException">The disk refused.</exception>
    public static RuntimeModel Of(Func<ModelGraph> make, string beside, bool optimized = true)
    {
        var (model, file) = Made(make, beside, optimized);
        if (file is null)
            return model!;
        using (file)
        {
            GiveBack(file.Length);
            return RuntimeModel.OpenFile(file.Draft, optimized: optimized);
        }
    }

    /// <summary>Gives memory back that is no longer needed, where a model of so many bytes left much of it.</summary>
    public static void GiveBack(long length)
    {
        if (length > Large)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    // In a frame of its own: what it makes is not held by the caller's.
    static (RuntimeModel? Model, OutputFile? File) Made(Func<ModelGraph> make, string beside, bool optimized)
    {
        var graph = make();
        if (graph.Initializers.Sum(tensor => (long)tensor.Data.Length) <= Large)
            return (new RuntimeModel(graph, optimized: optimized), null);
        var file = OutputFile.At(beside, []);
        file.Write(output => OnnxFile.Write(graph, output));
        return (null, file);
    }
}
