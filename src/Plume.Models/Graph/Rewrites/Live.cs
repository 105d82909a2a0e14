namespace Plume.Models.Graph.Rewrites;

/// <summary>
/// Leaves out what reaches no output: files may have any number of tensors that nothing reads, which ONNX Runtime is slow to
/// load.
/// </summary>
public static class Live
{
    /// <summary>The same function with the nodes and tensors that it needs; the graph itself where it needs all.</summary>
    public static ModelGraph Of(ModelGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var live = graph.WithoutUnread();
        return live.Nodes.Count == graph.Nodes.Count && live.Initializers.Count == graph.Initializers.Count ? graph : live;
    }
}
