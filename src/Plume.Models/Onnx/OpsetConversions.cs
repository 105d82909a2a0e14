using Plume.Models.Graph;

namespace Plume.Models.Onnx;

/// <summary>Writes nodes of an older operator set as they are written in a newer one; used once.</summary>
/// <remarks>
/// Source: the ONNX operator changelog, onnx.ai: the versions at which an operator takes as an input what was an attribute.
/// </remarks>
sealed class OpsetConversions(ModelGraph graph, int to)
{
    readonly FreeNames names = new(graph);
    readonly List<Initializer> added = [];

    /// <summary>The tensors that attributes became.</summary>
    public IReadOnlyList<Initializer> Added => added;

    /// <summary>The node in the newer operator set.</summary>
    public IEnumerable<Node> Of(Node node) => node.OpType switch
    {
        "Dropout" when Passes(12) => [node with { Inputs = [node.Inputs[0]], Attributes = Without(node, "ratio", "is_test") }],
        "BatchNormalization" when Passes(9) => [node with { Attributes = Without(node, "spatial", "is_test") }],
        "Clip" when Passes(11) => [WithInputs(node, ["min", "max"], Scalar(node, "min"), Scalar(node, "max"))],
        "Pad" when Passes(11) =>
            [WithInputs(node, ["pads", "paddings", "value"], Ints(node.Has("pads") ? node.Ints("pads") : node.Ints("paddings")),
                Scalar(node, "value"))],
        "Slice" when Passes(10) =>
            [WithInputs(node, ["starts", "ends", "axes"], Ints(node.Ints("starts")), Ints(node.Ints("ends")), node.Has("axes")
                ? Ints(node.Ints("axes")) : "")],
        "Upsample" => [Resized(node, node.Input(1)
            ?? Placed(Initializer.Of(names.Take("scales"), [node.Floats("scales").Length], node.Floats("scales"))))],
        "Resize" when Passes(11) => [Resized(node, node.Inputs[1])],
        "Squeeze" or "Unsqueeze" or "ReduceSum" when Passes(13) => [WithAxes(node)],
        "ReduceMean" or "ReduceMax" or "ReduceMin" or "ReduceL1" or "ReduceL2" or "ReduceProd" or "ReduceLogSum"
            or "ReduceLogSumExp" or "ReduceSumSquare" when Passes(18) => [WithAxes(node)],
        "Split" when Passes(13) && node.Has("split") => [WithInputs(node, ["split"], Ints(node.Ints("split")))],
        "Split" when Passes(18) && node.Input(1) is null && !node.Has("split") =>
            [node with { Attributes = With(node, "num_outputs", (long)node.Outputs.Count) }],
        "Softmax" or "LogSoftmax" when Passes(13) => Softmax(node),
        _ => [node],
    };

    bool Passes(int version) => graph.OpsetVersion < version && to >= version;

    Node WithAxes(Node node) => node.Has("axes") ? WithInputs(node, ["axes"], Ints(node.Ints("axes"))) : node;

    static Node WithInputs(Node node, string[] attributes, params string[] inputs)
    {
        string[] given = [.. inputs.Reverse().SkipWhile(input => input.Length == 0).Reverse()];
        return node with { Inputs = [.. node.Inputs.Take(1), .. given], Attributes = Without(node, attributes) };
    }

    // What was before 11: corners are not aligned, and halves are cut off.
    Node Resized(Node node, string scales)
    {
        var attributes = Without(node, "scales", "height_scale", "width_scale");
        attributes["coordinate_transformation_mode"] = "asymmetric";
        if (node.Text("mode", "nearest") == "nearest")
            attributes["nearest_mode"] = "floor";
        return node with
        {
            OpType = "Resize",
            Inputs = [node.Inputs[0], to >= 13 ? ""
                : Placed(Initializer.Of(names.Take("roi"), [0], Array.Empty<float>())), scales],
            Attributes = attributes,
        };
    }

    // Before 13 all dimensions from the axis on were one.
    IEnumerable<Node> Softmax(Node node)
    {
        long axis = node.Int("axis", 1);
        bool isMatrix = graph.ProducerOf(node.Inputs[0]) is { OpType: "Gemm" or "Flatten" } && axis == 1;
        if (axis == -1 || isMatrix)
            return [node with { Attributes = With(node, "axis", -1L) }];
        string shape = names.Take($"{node.Outputs[0]}_shape"), flat = names.Take($"{node.Outputs[0]}_flat"),
            shares = names.Take($"{node.Outputs[0]}_shares");
        return
        [
            new Node("", "Shape", [node.Inputs[0]], [shape]),
            new Node("", "Flatten", [node.Inputs[0]], [flat], new Dictionary<string, AttributeValue> { ["axis"] = axis }),
            node with { Inputs = [flat], Outputs = [shares], Attributes = With(node, "axis", -1L) },
            new Node("", "Reshape", [shares, shape], node.Outputs),
        ];
    }

    string Scalar(Node node, string attribute) => node.Has(attribute)
        ? Placed(Initializer.Of(names.Take(attribute), [], [node.Float(attribute, 0)])) : "";

    string Ints(long[] values) => Placed(Initializer.Of(names.Take("axes"), [values.Length], values));

    string Placed(Initializer tensor)
    {
        added.Add(tensor);
        return tensor.Name;
    }

    static Dictionary<string, AttributeValue> Without(Node node, params string[] attributes) =>
        node.Attributes.Where(entry => !attributes.Contains(entry.Key)).ToDictionary(StringComparer.Ordinal);

    static Dictionary<string, AttributeValue> With(Node node, string attribute, AttributeValue value) =>
        new(node.Attributes, StringComparer.Ordinal) { [attribute] = value };
}
