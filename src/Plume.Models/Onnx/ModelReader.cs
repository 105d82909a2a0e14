using Google.Protobuf;
using Plume.Compression.Weights;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>Turns the messages of a file into a graph.</summary>
static class ModelReader
{
    // The first version whose operator sets and attribute types are declared in the file.
    const int OldestIrVersion = 3;

    /// <summary>Reads a model; the message keeps only what is not read.</summary>
    /// <param name="model">The message.</param>
    /// <param name="beside">The folder of the file; null where it lies nowhere.</param>
    /// <param name="values">Values of tensors that the message has without; null where it has all.</param>
    public static ModelGraph Read(ModelProto model, ExternalData? beside = null, ModelWeights? values = null)
    {
        if (model.IrVersion < OldestIrVersion)
            throw Broken("ir_version", $"{model.IrVersion}", $"must be at least {OldestIrVersion}");
        if (model.Graph is not { } graph)
            throw Broken("graph", "missing", "must be there");
        if (graph.SparseInitializer.Count > 0)
            throw Broken("graph.sparse_initializer", $"{graph.SparseInitializer.Count} long",
                "must be empty; export dense tensors");

        var taken = graph.Input.Select(input => input.Name).Concat(graph.Initializer.Select(tensor => tensor.Name))
            .Concat(graph.Node.SelectMany(node => node.Output));
        var source = new ModelSource(ReadOpsets(model), taken, beside, values);
        Initializer[] initializers =
            [.. graph.Initializer.Select(tensor =>
                TensorReader.Read(tensor, $"initializer '{tensor.Name}'", tensor.Name, source))];
        var constants = graph.Node.Select(node => ConstantNodes.Read(node, source)).ToArray();
        var form = GraphForm.Of(graph, initializers, constants);
        Node[] nodes = [.. graph.Node.Where((_, i) => constants[i] is null).Select(node => NodeReader.Read(node, source))];
        initializers = [.. initializers, .. constants.OfType<Initializer>(), .. source.Inner];
        var known = initializers.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        // Before IR 4 every initializer stands among the inputs too.
        var inputs = graph.Input.Where(input => !known.Contains(input.Name)).Select(input => ValueReader.Read(input, "input"))
            .ToArray();
        var outputs = graph.Output.Select(output => ValueReader.Read(output, "output")).ToArray();
        if (GraphRules.Violation(inputs, outputs, nodes, initializers) is { } problem)
            throw new InvalidPayloadException(problem);
        if (source.Unplaced is { } unplaced)
            throw new InvalidPayloadException(
                $"There are values for a tensor '{unplaced}', which the graph does not have: the two are of different models.");
        return new ModelGraph(graph.Name, inputs, outputs, nodes, initializers, source.Opsets[""])
        {
            ExtensionOpsets = source.Opsets.Where(opset => opset.Key.Length > 0).ToDictionary(StringComparer.Ordinal),
            Metadata = ReadMetadata(model),
            Form = form,
            Unread = RestOf(model),
        };
    }

    static byte[] RestOf(ModelProto model)
    {
        var graph = model.Graph;
        graph.Node.Clear();
        graph.Initializer.Clear();
        graph.Input.Clear();
        graph.Output.Clear();
        graph.ValueInfo.Clear();
        graph.QuantizationAnnotation.Clear();
        graph.ClearName();
        model.MetadataProps.Clear();
        return model.ToByteArray();
    }

    static Dictionary<string, int> ReadOpsets(ModelProto model)
    {
        var opsets = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var opset in model.OpsetImport)
        {
            string domain = NodeReader.DomainOf(opset.Domain);
            if (opset.Version is < 1 or > int.MaxValue)
                throw Broken($"opset_import '{domain}'", $"{opset.Version}", "must be a positive version");
            if (!opsets.TryAdd(domain, (int)opset.Version))
                throw Broken($"opset_import '{domain}'", "given twice", "must be given once");
        }

        return opsets.ContainsKey("") ? opsets
            : throw Broken("opset_import", "without ONNX's own operator set", "must name its version");
    }

    static Dictionary<string, string> ReadMetadata(ModelProto model)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in model.MetadataProps)
        {
            if (!metadata.TryAdd(entry.Key, entry.Value))
                throw Broken($"metadata_props '{entry.Key}'", "given twice", "must be given once");
        }

        return metadata;
    }

    internal static InvalidPayloadException Broken(string part, string found, string rule) =>
        new($"ONNX {part} is {found}, but it {rule}.");
}
