using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Plume.Compression.Randomness;
using Plume.Learning.Execution;
using Plume.Models.Graph;
using Plume.Models.Onnx;

namespace Plume.Learning.Tests;

/// <summary>The same graph under ONNX Runtime and under TorchSharp.</summary>
static class Runtime
{
    public static float[] Input(int length, ulong seed = 5)
    {
        var draws = new RandomDraws(RandomKey.FromSeed(seed));
        var values = new float[length];
        foreach (ref float value in values.AsSpan())
            value = (float)draws.NextNormal();
        return values;
    }

    public static float[] OnnxRuntime(ModelGraph graph, float[] input, int[] shape)
    {
        using var session = new InferenceSession(OnnxFile.Write(graph));
        using var results = session.Run(
            [NamedOnnxValue.CreateFromTensor(graph.Inputs[0].Name, new DenseTensor<float>(input, shape))]);
        return results.Single().AsEnumerable<float>().ToArray();
    }

    public static float[] Torch(ModelGraph graph, float[] input, int[] shape)
    {
        using var executor = new GraphExecutor(graph);
        using var scope = TorchSharp.torch.NewDisposeScope();
        var output = executor.Logits(TorchSharp.torch.tensor(input, [.. shape.Select(length => (long)length)]));
        return output.contiguous().data<float>().ToArray();
    }

    public static void AssertAgree(ModelGraph graph, int[] shape)
    {
        float[] input = Input(shape.Aggregate(1, (product, length) => product * length));
        float[] expected = OnnxRuntime(graph, input, shape), actual = Torch(graph, input, shape);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - actual[i]) <= 1e-4 * (1 + Math.Abs(expected[i]))))
                Assert.Fail($"Output {i} is {actual[i]} under TorchSharp, but {expected[i]} under ONNX Runtime.");
        }
    }
}
