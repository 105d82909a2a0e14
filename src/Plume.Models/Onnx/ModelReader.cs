using Plume.Compression.Container;
using Plume.Models.Graph;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>Turns the messages of a file into a graph.</summary>
static class ModelReader
{
    // The first version whose operator sets and attribute types are declared in the file.
    const int OldestIrVersion = 3;

    public static ModelGraph Read(ModelProto model)
    {
        if (model.IrVersion < OldestIrVersion)
            throw Broken("ir_version", $"{model.IrVersion}", $"must be at least {OldestIrVersion}");
        if (model.Functions.Count > 0)
            throw Broken("functions", $"{model.Functions.Count} long", "must be empty; export the model with its functions inlined");
        if (model.Graph is not { } graph)
            throw Broken("graph", "missing", "must be there");
        if (graph.SparseInitializer.Count > 0)
            throw Broken("graph.sparse_initializer", $"{graph.SparseInitializer.Count} long", "must be empty; export dense tensors");

        var opsets = ReadOpsets(model);
        var initializers = graph.Initializer.Select(tensor => TensorReader.Read(tensor, $"initializer '{tensor.Name}'")).ToArray();
        var names = initializers.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        // Before IR 4 every initializer stands among the inputs too.
        var inputs = graph.Input.Where(input => !names.Contains(input.Name)).Select(input => ReadValue(input, "input", needsShape: true)).ToArray();
        var outputs = graph.Output.Select(output => ReadValue(output, "output", needsShape: false)).ToArray();
        var nodes = graph.Node.Select(node => NodeReader.Read(node, opsets)).ToArray();
        if (GraphRules.Violation(inputs, outputs, nodes, initializers) is { } problem)
            throw new InvalidPayloadException(problem);
        return new ModelGraph(graph.Name, inputs, outputs, nodes, initializers, opsets[""])
        {
            ExtensionOpsets = opsets.Where(opset => opset.Key.Length > 0).ToDictionary(StringComparer.Ordinal),
            Metadata = ReadMetadata(model),
        };
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

        return opsets.ContainsKey("") ? opsets : throw Broken("opset_import", "without ONNX's own operator set", "must name its version");
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

    static ValueInfo ReadValue(ValueInfoProto value, string kind, bool needsShape)
    {
        string place = $"{kind} '{value.Name}'";
        if (value.Type?.TensorType is not { } tensor)
            throw Broken(place, "not a tensor", "must be one; export the model without sequences, maps and optionals");
        var type = TensorReader.ReadType(tensor.ElemType, place);
        if (tensor.Shape?.Dim.Count > TensorReader.MaximumRank)
            throw Broken($"{place}, shape", $"{tensor.Shape.Dim.Count} long", $"must have at most {TensorReader.MaximumRank} dimensions");
        if (tensor.Shape is { } shape)
            return new ValueInfo(value.Name, type, [.. shape.Dim.Select(dimension => ReadDimension(dimension, place))]);
        return needsShape
            ? throw Broken(place, "without a shape", "must have one")
            : new ValueInfo(value.Name, type, []) { HasShape = false };
    }

    static Dimension ReadDimension(TensorShapeProto.Types.Dimension dimension, string place)
    {
        if (!dimension.HasDimValue)
            return Dimension.Symbol(dimension.DimParam);
        return dimension.DimValue is >= 0 and <= int.MaxValue
            ? Dimension.Fixed(dimension.DimValue)
            : throw Broken($"{place}, shape", $"{dimension.DimValue} long", $"must be in 0..{int.MaxValue} or a symbol");
    }

    internal static InvalidPayloadException Broken(string part, string found, string rule) => new($"ONNX {part} is {found}, but it {rule}.");
}
