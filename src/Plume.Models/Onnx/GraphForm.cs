using Google.Protobuf;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>
/// How a file writes a graph beyond what the graph means: which tensors stand as Constant nodes and where, which initializers are
/// inputs too, and what it says of the values in between. A message whose nodes and inputs are empty where the graph has them
/// itself.
/// </summary>
static class GraphForm
{
    /// <summary>The form of a graph that is being read.</summary>
    public static ReadOnlyMemory<byte> Of(GraphProto graph, IReadOnlyList<Initializer> initializers,
        IReadOnlyList<Initializer?> constants)
    {
        // Never empty: a form says that the graph is as its file has it.
        var form = new GraphProto { Name = graph.Name };
        if (constants.Any(constant => constant is not null))
            form.Node.AddRange(graph.Node.Select((node, i) => constants[i] is null ? new NodeProto() : node));
        var names = initializers.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        if (graph.Input.Any(input => names.Contains(input.Name)))
            form.Input.AddRange(graph.Input.Select(input => names.Contains(input.Name) ? input : new ValueInfoProto()));
        form.ValueInfo.AddRange(graph.ValueInfo);
        form.QuantizationAnnotation.AddRange(graph.QuantizationAnnotation);
        return form.ToByteArray();
    }

    /// <summary>Writes nodes, inputs and notes in a form.</summary>
    /// <param name="message">The graph's message, with its nodes and inputs.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="contentOf">Whether a tensor's values are written.</param>
    /// <returns>The tensors that stand as nodes.</returns>
    public static HashSet<string> Apply(GraphProto message, ModelGraph graph, Func<string, TensorWriter.Content> contentOf)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        if (graph.Form.IsEmpty)
            return written;
        var form = GraphProto.Parser.ParseFrom(graph.Form.Span);
        if (form.Node.Count > 0)
            Merge(message.Node, form.Node,
                node => ConstantNodes.Fill(node, graph.FindInitializer(node.Output[0])!, contentOf(node.Output[0])));
        if (form.Input.Count > 0)
            Merge(message.Input, form.Input, input => input);
        foreach (var node in form.Node.Where(node => node.Output.Count > 0))
            written.Add(node.Output[0]);
        message.ValueInfo.AddRange(form.ValueInfo);
        message.QuantizationAnnotation.AddRange(form.QuantizationAnnotation);
        return written;
    }

    static void Merge<T>(Google.Protobuf.Collections.RepeatedField<T> items, IReadOnlyList<T> places, Func<T, T> fill)
        where T : IMessage
    {
        T[] own = [.. items];
        items.Clear();
        int next = 0;
        foreach (var place in places)
            items.Add(place.CalculateSize() == 0 ? own[next++] : fill(place));
    }
}
