using Plume.Models.Graph;

namespace Plume.Models.Tests;

/// <summary>Runs a graph in double, one loop after another as the definitions are written: the oracle for faster ways.</summary>
static class NaiveForward
{
    public static NaiveTensor Run(ModelGraph graph, NaiveTensor input) => Values(graph, input)[graph.Outputs[0].Name];

    /// <summary>Every value of the graph.</summary>
    public static Dictionary<string, NaiveTensor> Values(ModelGraph graph, NaiveTensor input)
    {
        var values = new Dictionary<string, NaiveTensor> { [graph.Inputs[0].Name] = input };
        foreach (var tensor in graph.Initializers.Where(tensor => tensor.ElementType == ElementType.Float))
            values[tensor.Name] = new([.. tensor.Shape], [.. tensor.Floats.ToArray().Select(value => (double)value)]);
        foreach (var node in graph.Nodes)
            values[node.Outputs[0]] = Run(node, [.. node.Inputs.Select(name => values[name])]);
        return values;
    }

    static NaiveTensor Run(Node node, NaiveTensor[] inputs) => node.OpType switch
    {
        "Conv" => Conv(node, inputs[0], inputs[1], inputs.ElementAtOrDefault(2)),
        "Gemm" => Gemm(node, inputs[0], inputs[1], inputs.ElementAtOrDefault(2)),
        "MatMul" => Gemm(node, inputs[0], inputs[1], null),
        "MaxPool" => MaxPool(node, inputs[0]),
        "Relu" => inputs[0] with { Values = [.. inputs[0].Values.Select(value => Math.Max(value, 0))] },
        "Add" => inputs[0] with { Values = [.. inputs[0].Values.Zip(inputs[1].Values, (left, right) => left + right)] },
        "BatchNormalization" => Normalize(node, inputs),
        FakeQuantizer.OpType => FakeQuantize(node, inputs[0], inputs[1]),
        "Clip" => inputs[0] with
        {
            Values =
            [.. inputs[0].Values.Select(value => Math.Clamp(value, inputs[1].Values[0], inputs[2].Values[0]))]
        },
        "GlobalAveragePool" => GlobalAverage(inputs[0]),
        "Flatten" => new([inputs[0].Shape[0], inputs[0].Values.Length / inputs[0].Shape[0]], inputs[0].Values),
        _ => throw new NotSupportedException(node.ToString()),
    };

    static NaiveTensor Conv(Node node, NaiveTensor data, NaiveTensor kernel, NaiveTensor? bias)
    {
        int stride = (int)node.Ints("strides")[0], pad = (int)node.Ints("pads")[0], side = kernel.Shape[2];
        int height = (data.Shape[2] + 2 * pad - side) / stride + 1, width = (data.Shape[3] + 2 * pad - side) / stride + 1;
        return NaiveTensor.Of([data.Shape[0], kernel.Shape[0], height, width], (n, k, y, x) =>
        {
            double sum = bias?.Values[k] ?? 0;
            for (int c = 0; c < data.Shape[1]; c++)
            {
                for (int i = 0; i < side; i++)
                {
                    for (int j = 0; j < side; j++)
                        sum += data.Padded(n, c, y * stride + i - pad, x * stride + j - pad) * kernel[k, c, i, j];
                }
            }

            return sum;
        });
    }

    static NaiveTensor MaxPool(Node node, NaiveTensor data)
    {
        int side = (int)node.Ints("kernel_shape")[0], stride = (int)node.Ints("strides")[0];
        int height = (data.Shape[2] - side) / stride + 1, width = (data.Shape[3] - side) / stride + 1;
        return NaiveTensor.Of([data.Shape[0], data.Shape[1], height, width], (n, c, y, x) =>
            Enumerable.Range(0, side * side).Max(at => data[n, c, y * stride + at / side, x * stride + at % side]));
    }

    static NaiveTensor Gemm(Node node, NaiveTensor data, NaiveTensor weight, NaiveTensor? bias)
    {
        bool transposed = node.Int("transB", 0) != 0;
        int features = weight.Shape[transposed ? 1 : 0], units = weight.Shape[transposed ? 0 : 1];
        var values = new double[data.Shape[0] * units];
        for (int index = 0; index < values.Length; index++)
        {
            int row = index / units, unit = index % units;
            values[index] = bias?.Values[unit] ?? 0;
            for (int feature = 0; feature < features; feature++)
                values[index] += data.Values[row * features + feature] * weight.Values[transposed ? unit * features + feature
                    : feature * units + unit];
        }

        return new([data.Shape[0], units], values);
    }

    static NaiveTensor FakeQuantize(Node node, NaiveTensor data, NaiveTensor scales)
    {
        var quantizer = FakeQuantizer.Of(node);
        int inner = scales.Shape.Length == 0 ? data.Values.Length
            : data.Shape.Skip((int)node.Int("axis", 0) + 1).Aggregate(1, (a, b) => a * b);
        return data with
        {
            Values = [.. data.Values.Select((value, i) =>
                (double)quantizer.Quantize((float)value, (float)scales.Values[i / inner % scales.Values.Length]))],
        };
    }

    static NaiveTensor Normalize(Node node, NaiveTensor[] inputs)
    {
        double epsilon = node.Float("epsilon", 1e-5f);
        return NaiveTensor.Of(inputs[0].Shape, (n, c, y, x) =>
            (inputs[0][n, c, y, x] - inputs[3].Values[c]) / Math.Sqrt(inputs[4].Values[c] + epsilon)
                * inputs[1].Values[c] + inputs[2].Values[c]);
    }

    static NaiveTensor GlobalAverage(NaiveTensor data)
    {
        int area = data.Shape[2] * data.Shape[3];
        return NaiveTensor.Of([data.Shape[0], data.Shape[1], 1, 1], (n, c, _, _) =>
            Enumerable.Range(0, area).Sum(at => data[n, c, at / data.Shape[3], at % data.Shape[3]]) / area);
    }
}
