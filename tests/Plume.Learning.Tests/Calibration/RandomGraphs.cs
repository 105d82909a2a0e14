using Plume.Compression.Randomness;
using Plume.Models.Graph;

namespace Plume.Learning.Tests.Calibration;

/// <summary>
/// Small graphs by chance: what exporters write, in combinations that nobody thought of. The same number gives the same graph.
/// </summary>
sealed class RandomGraphs
{
    readonly RandomDraws draws;
    readonly List<Node> nodes = [];
    readonly List<Initializer> tensors = [];
    readonly List<(string Name, int[] Shape)> values = [("x", [])];
    readonly int number;

    RandomGraphs(int number) => (this.number, draws) = (number, new RandomDraws(RandomKey.FromSeed((ulong)number)));

    public static ModelGraph Number(int number) => new RandomGraphs(number).Build();

    ModelGraph Build()
    {
        int[] shape = [Among(1, 2, 3, 8), Among(5, 6, 8), Among(5, 7, 8)];
        values[0] = ("x", shape);
        for (int step = 0; step < Among(4, 6, 9); step++)
            Feature();
        Dense();
        return new ModelGraph($"random {number}",
            [new("x", ElementType.Float, ["N", .. shape.Select(length => Dimension.Fixed(length))])],
            [new("y", ElementType.Float, ["N", values[^1].Shape[0]])], nodes, tensors);
    }

    void Feature()
    {
        var (from, shape) = values[^1];
        switch (Among(0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
        {
            case 0: Conv(from, shape); break;
            case 1: BatchNorm(from, shape); break;
            case 2: Add("Relu", [from], shape); break;
            case 3: Add("Clip", [from, Scalar(-1), Scalar(2)], shape); break;
            case 4: Add(Pick("LeakyRelu", "Sigmoid", "HardSigmoid", "Tanh"), [from], shape); break;
            case 5 when shape[1] > 3 && shape[2] > 3: Pool(from, shape); break;
            case 6 when values.Find(each => each.Shape.SequenceEqual(shape) && each.Name != from)
                is { Name: not null } other:
                Add(Pick("Add", "Mul", "Sub"), [from, other.Name], shape); break;
            case 7 when values.Find(each => each.Shape.Length == 3 && each.Shape[0] + shape[0] <= 24
                && each.Shape.Skip(1).SequenceEqual(shape.Skip(1))) is { Name: not null } other:
                Add("Concat", [from, other.Name], [shape[0] + other.Shape[0], .. shape[1..]], new() { ["axis"] = 1L });
                break;
            case 8: Add("Identity", [from], shape); break;
            default: Add("Add", [from, Floats([shape[0], 1, 1])], shape); break;
        }
    }

    void Conv(string from, int[] shape)
    {
        int group = Among(1, 1, shape[0], 2) is var some && shape[0] % some == 0 ? some : 1, outputs = group == 1 ? Among(2, 4, 8)
            : group * (shape[0] > 8 ? 1 : Among(1, 2)), kernel = Among(1, 3), stride = Among(1, 1, 2), dilation = Among(1, 1, 2),
            pad = Among(0, 1, 2);
        int[] sides = [.. shape[1..].Select(side => (side + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1)];
        if (shape[1..].Any(side => side + 2 * pad < dilation * (kernel - 1) + 1))
            return;
        string weight = Shared([outputs, shape[0] / group, kernel, kernel]);
        string[] bias = Among(0, 1, 2) switch { 0 => [], 1 => [Shared([outputs])], _ => [Handed(Shared([outputs]))] };
        Add("Conv", [from, weight, .. bias], [outputs, .. sides], new()
        {
            ["group"] = (long)group,
            ["strides"] = new long[] { stride, stride },
            ["dilations"] = new long[] { dilation, dilation },
            ["pads"] = new long[] { pad, pad, pad, pad },
        });
    }

    void BatchNorm(string from, int[] shape)
    {
        string scale = Positive(shape[0]), shift = Shared([shape[0]]);
        Add("BatchNormalization", Among(0, 1) == 0 ? [from, scale, shift, shift, scale]
            : [from, scale, shift, Floats([shape[0]]), Positive(shape[0])], shape);
    }

    void Pool(string from, int[] shape)
    {
        var attributes = new Dictionary<string, AttributeValue>
        {
            ["kernel_shape"] = new long[] { 2, 2 },
            ["strides"] = new long[] { 2, 2 },
        };
        Add(Pick("MaxPool", "AveragePool"), [from], [shape[0], shape[1] / 2, shape[2] / 2], attributes);
    }

    void Dense()
    {
        var (from, shape) = values[^1];
        if (Among(0, 1) == 0)
            (from, shape) = Add("GlobalAveragePool", [from], [shape[0], 1, 1]);
        (from, shape) = Add("Flatten", [from], [shape.Aggregate(1, (product, length) => product * length)]);
        for (int layer = 0; layer < Among(1, 2, 3); layer++)
        {
            int outputs = Among(shape[0] <= 24 ? shape[0] : 6, 6, 10);
            (from, shape) = Among(0, 1, 2) == 0 ? MatMul(from, shape[0], outputs) : Gemm(from, shape[0], outputs);
            if (Among(0, 1) == 0)
                (from, shape) = Add("Relu", [from], shape);
        }

        nodes.Add(new Node("", "Identity", [from], ["y"]));
    }

    (string, int[]) MatMul(string from, int inputs, int outputs)
    {
        bool isTransposed = Among(0, 1, 2) == 0;
        string weight = isTransposed ? Transposed(Shared([outputs, inputs])) : Shared([inputs, outputs]);
        var product = Add("MatMul", [from, weight], [outputs]);
        return Among(0, 1) == 0 ? product : Add("Add", [product.Name, Floats([outputs])], [outputs]);
    }

    (string, int[]) Gemm(string from, int inputs, int outputs)
    {
        bool isTransposed = Among(0, 1) == 0;
        var attributes = new Dictionary<string, AttributeValue> { ["transB"] = isTransposed ? 1L : 0L };
        if (Among(0, 1, 2) == 0)
            (attributes["alpha"], attributes["beta"]) = (0.5f, -1.5f);
        string[] bias = Among(0, 1, 2, 3, 4, 5) switch
        {
            0 => [],
            1 => [Floats([1])],
            2 => [Floats([1, outputs])],
            3 =>
            [Floats([])],
            4 => [Handed(Shared([outputs]))],
            _ => [Shared([outputs])]
        };
        return Add("Gemm", [from, Shared(isTransposed ? [outputs, inputs] : [inputs, outputs]), .. bias], [outputs], attributes);
    }

    (string Name, int[] Shape) Add(string operation, string[] inputs, int[] shape,
        Dictionary<string, AttributeValue>? attributes = null)
    {
        nodes.Add(new Node("", operation, inputs, [$"v{nodes.Count}"], attributes ?? []));
        values.Add((nodes[^1].Outputs[0], shape));
        return values[^1];
    }

    // Half of the time one that is there already, whatever it was for.
    string Shared(int[] shape) => Among(0, 1) == 0 && tensors.Find(tensor => tensor.Shape.SequenceEqual(shape)) is { } old
        ? old.Name : Floats(shape);

    string Handed(string tensor) => AddTensor("Identity", tensor, []);

    string Transposed(string tensor) => AddTensor("Transpose", tensor, new() { ["perm"] = new long[] { 1, 0 } });

    string AddTensor(string operation, string tensor, Dictionary<string, AttributeValue> attributes)
    {
        nodes.Add(new Node("", operation, [tensor], [$"t{nodes.Count}"], attributes));
        return nodes[^1].Outputs[0];
    }

    string Floats(int[] shape)
    {
        double scale = shape.Length > 1
            ? 1.5 / Math.Sqrt(Math.Max(1, shape[1..].Aggregate(1, (product, length) => product * length))) : 0.5;
        return Place(shape, () => (float)(scale * draws.NextNormal()));
    }

    string Positive(int length) => Place([length], () => 0.5f + (float)draws.NextDouble());

    string Scalar(float value) => Place([], () => value);

    string Place(int[] shape, Func<float> value)
    {
        tensors.Add(Initializer.Of($"w{tensors.Count}", shape,
            [.. Enumerable.Range(0, shape.Aggregate(1, (product, length) => product * length)).Select(_ => value())]));
        return tensors[^1].Name;
    }

    int Among(params int[] choices) => choices[draws.NextInt(choices.Length)];

    string Pick(params string[] choices) => choices[Among([.. Enumerable.Range(0, choices.Length)])];
}
