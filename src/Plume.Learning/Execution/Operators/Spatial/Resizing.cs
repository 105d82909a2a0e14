using Plume.Models.Graph;
using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators.Spatial;

/// <summary>
/// Pictures made larger or smaller, one axis after the other: each place of the result is a weighted sum of places.
/// </summary>
static class Resizing
{
    public static (string, Compile)[] All { get; } = [("Resize", Resize), ("Upsample", Resize)];

    static Step Resize(NodeCompiler node)
    {
        int input = node.Needed(0), output = node.Output();
        var rule = new Resampling(node);
        int slot = node.Node.Inputs.Count == 2 ? 1 : 2;
        float[]? scales = node.Node.Has("scales") ? node.Node.Floats("scales")
            : node.ConstantFloats(slot) is { Length: > 0 } given ? given : null;
        var sizes = scales is null ? node.Ints(3, "") : null;
        long[] named = node.Node.Ints("axes");
        return frame =>
        {
            var x = frame.Slots[input].alias();
            long[] axes = named.Length > 0 ? named : [.. Enumerable.Range(0, (int)x.dim()).Select(axis => (long)axis)];
            long[]? lengths = sizes?.Invoke(frame);
            for (int index = 0; index < axes.Length; index++)
            {
                long axis = axes[index] < 0 ? axes[index] + x.dim() : axes[index], length = x.shape[axis];
                float scale = scales?[index] ?? (float)lengths![index] / length;
                long target = scales is null ? lengths![index] : (long)MathF.Floor(length * scale);
                if (target != length || scale != 1)
                    x = rule.Along(x, axis, target, scale);
            }

            frame.Slots[output] = x;
        };
    }
}

/// <summary>Which places of an axis make a place of a resized one.</summary>
sealed class Resampling
{
    readonly string mode, coordinates, nearest;
    readonly float cubic;

    public Resampling(NodeCompiler compiler)
    {
        var node = compiler.Node;
        bool isOld = node.OpType == "Upsample" || compiler.Opset < 11;
        mode = node.Text("mode", "nearest");
        coordinates = isOld ? "asymmetric" : node.Text("coordinate_transformation_mode", "half_pixel");
        nearest = isOld ? "floor" : node.Text("nearest_mode", "round_prefer_floor");
        cubic = node.Float("cubic_coeff_a", -0.75f);
        if (mode is not ("nearest" or "linear" or "cubic"))
            throw Unsupported(node, "mode", mode);
        if (coordinates is not ("half_pixel" or "asymmetric" or "align_corners" or "pytorch_half_pixel"))
            throw Unsupported(node, "coordinate_transformation_mode", coordinates);
        if (nearest is not ("round_prefer_floor" or "round_prefer_ceil" or "floor" or "ceil"))
            throw Unsupported(node, "nearest_mode", nearest);
        if (node.Int("antialias", 0) != 0 || node.Int("exclude_outside", 0) != 0
            || node.Text("keep_aspect_ratio_policy", "stretch") != "stretch")
            throw UnsupportedOperatorException.Use(node,
                "antialias, exclude_outside and keep_aspect_ratio_policy are not supported");
    }

    public Tensor Along(Tensor x, long axis, long target, float scale)
    {
        long length = x.shape[axis];
        float[] places = [.. Enumerable.Range(0, (int)target).Select(index => Place(index, length, target, scale))];
        if (mode == "nearest")
            return x.index_select(axis, tensor([.. places.Select(place => Math.Clamp(Nearest(place), 0, length - 1))], [target]));
        var weights = new float[target * length];
        for (int index = 0; index < target; index++)
        {
            foreach (var (place, weight) in mode == "linear" ? Linear(Math.Clamp(places[index], 0, length - 1))
                : Cubic(places[index]))
                weights[index * length + Math.Clamp(place, 0, length - 1)] += weight;
        }

        return x.transpose(axis, -1).matmul(tensor(weights, [target, length]).t()).transpose(axis, -1);
    }

    float Place(int index, long length, long target, float scale) => coordinates switch
    {
        "asymmetric" => index / scale,
        "align_corners" => target == 1 ? 0 : (float)index * (length - 1) / (target - 1),
        "pytorch_half_pixel" when target == 1 => 0,
        _ => (index + 0.5f) / scale - 0.5f,
    };

    long Nearest(float place) => (long)(nearest switch
    {
        "floor" => MathF.Floor(place),
        "ceil" => MathF.Ceiling(place),
        "round_prefer_ceil" => MathF.Floor(place + 0.5f),
        _ => MathF.Ceiling(place - 0.5f),
    });

    static IEnumerable<(long Place, float Weight)> Linear(float place)
    {
        long first = (long)MathF.Floor(place);
        return [(first, 1 - (place - first)), (first + 1, place - first)];
    }

    IEnumerable<(long Place, float Weight)> Cubic(float place)
    {
        long first = (long)MathF.Floor(place);
        float part = place - first;
        return Enumerable.Range(-1, 4).Select(offset => (first + offset, Weight(Math.Abs(part - offset))));
    }

    float Weight(float distance) => distance <= 1
        ? ((cubic + 2) * distance - (cubic + 3)) * distance * distance + 1
        : ((cubic * distance - 5 * cubic) * distance + 8 * cubic) * distance - 4 * cubic;

    static UnsupportedOperatorException Unsupported(Node node, string attribute, string value) =>
        UnsupportedOperatorException.Use(node, $"{attribute} '{value}' is not supported");
}
