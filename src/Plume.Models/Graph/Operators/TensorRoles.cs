using Plume.Compression.Weights;

namespace Plume.Models.Graph.Operators;

/// <summary>Tells which initializers of a graph are learned or measured, from the input slots that read them.</summary>
static class TensorRoles
{
    const int MostParts = 16;

    /// <summary>
    /// The role of each initializer of floats that a weight-bearing slot reads, and its axis of outputs; the others are
    /// constants.
    /// </summary>
    public static Dictionary<string, (TensorRole Role, int Axis)> Of(ModelGraph graph)
    {
        var sources = graph.Initializers.ToDictionary(tensor => tensor.Name,
            tensor => new[] { (Tensor: tensor, Axes: Axes.Of(tensor)) }, StringComparer.Ordinal);
        var roles = new Dictionary<string, (TensorRole, int)>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes.Concat(graph.Nodes.SelectMany(node => node.Subgraphs)
            .SelectMany(subgraph => subgraph.Nodes)))
        {
            var entry = Catalogue.Find(node);
            for (int slot = 0; slot < node.Inputs.Count; slot++)
            {
                if (entry?.Roles is not { } rule || node.Input(slot) is not { } input
                    || !sources.TryGetValue(input, out var read))
                    continue;
                foreach (var (tensor, axes) in read)
                {
                    if (tensor.IsFloat && rule(graph, node, slot, tensor) is { } role)
                        roles.TryAdd(tensor.Name,
                            (role, role == TensorRole.Weight ? axes.Source(AxisOf(node, slot, axes.Rank)) : 0));
                }
            }

            if (entry is { HandsOn: true } && node.Outputs.Count > 0)
                HandOn(node, sources);
        }

        return roles;
    }

    // A recurrent layer's weight is put together of parts, as exporters order its gates; of more parts than these it is no
    // weight.
    static void HandOn(Node node, Dictionary<string, (Initializer Tensor, Axes Axes)[]> sources)
    {
        string[] inputs = [.. node.OpType == "Concat" ? node.Inputs.Take(MostParts + 1) : node.Inputs.Take(1)];
        if (inputs.Length > MostParts || !inputs.All(sources.ContainsKey))
            return;
        var handed = inputs.SelectMany(input => sources[input]).DistinctBy(source => source.Tensor.Name).ToArray();
        if (handed.Length <= MostParts)
            sources[node.Outputs[0]] = [.. handed.Select(source => (source.Tensor, source.Axes.Through(node)))];
    }

    // The axis of a weight along which a layer's outputs lie, as the layer reads it.
    static int AxisOf(Node node, int slot, int rank) => (node.OpType, slot) switch
    {
        ("MatMul", 1) => rank - 1,
        ("MatMul", 0) => rank - 2,
        ("Gemm", 1) => node.Int("transB", 0) == 0 ? 1 : 0,
        ("ConvTranspose" or "RNN" or "GRU" or "LSTM", 1 or 2) => 1,
        _ => 0,
    };

    /// <summary>Which axis of a tensor each axis of what was made of it is; empty where that is no longer known.</summary>
    readonly record struct Axes(int[] Sources)
    {
        public int Rank => Sources.Length;

        public static Axes Of(Initializer tensor) => new([.. Enumerable.Range(0, tensor.Shape.Count)]);

        public int Source(int axis) => axis >= 0 && axis < Sources.Length ? Sources[axis] : 0;

        public Axes Through(Node node)
        {
            if (node.OpType is "Reshape" or "Unsqueeze")
                return new([]);
            if (node.OpType != "Transpose")
                return this;
            var sources = Sources;
            long[] order = node.Ints("perm", [.. sources.Select((_, axis) => sources.Length - 1L - axis)]);
            return order.Length == sources.Length && order.All(axis => axis >= 0 && axis < sources.Length)
                ? new([.. order.Select(axis => sources[axis])]) : new([]);
        }
    }
}
