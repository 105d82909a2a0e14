using System.Runtime.CompilerServices;
using Plume.Compression.Weights;
using Plume.Models.Cost;
using Plume.Models.Graph;
using Plume.Models.Graph.Shapes;
using Plume.Models.Onnx;

namespace Plume.Models.Tests;

/// <summary>
/// A file that PyTorch 1.13 exported: two convolutions with a folded normalization, a matrix product over three
/// dimensions, means, a flattening computed from the shape, all with exporter's names. The scores are PyTorch's own.
/// </summary>
public class ForeignFileTests
{
    static readonly float[] Scores =
        [-0.8605893850f, -1.4643326998f, -1.0617356300f, -0.8410794139f, -1.4814147949f, -1.0745851994f];

    [Fact]
    public void An_exported_model_gives_its_scores_also_after_we_wrote_it()
    {
        float[] images = [.. Enumerable.Range(0, 128).Select(index => MathF.Sin(index))];

        var (shape, values) = Runtime.Run(Read(), [2, 1, 8, 8], images);

        Assert.Equal([2, 3], shape);
        for (int index = 0; index < values.Length; index++)
            Assert.Equal(Scores[index], values[index], 1e-5);
    }

    [Fact]
    public void Its_learned_tensors_have_their_roles()
    {
        var roles = Read().Weights.Tensors.ToDictionary(tensor => tensor.ToString(), tensor => tensor.Role);

        Assert.Equal(
            new Dictionary<string, TensorRole>
            {
                ["c2.weight [4, 4, 3, 3]"] = TensorRole.Weight,
                ["c2.bias [4]"] = TensorRole.Bias,
                ["f1.bias [8]"] = TensorRole.Bias,
                ["f2.weight [3, 32]"] = TensorRole.Weight,
                ["f2.bias [3]"] = TensorRole.Bias,
                ["onnx::Conv_38 [4, 1, 3, 3]"] = TensorRole.Weight,
                ["onnx::Conv_39 [4]"] = TensorRole.Bias,
                ["onnx::MatMul_40 [4, 8]"] = TensorRole.Weight,
            },
            roles);
    }

    [Fact]
    public void Its_shapes_and_costs_are_known()
    {
        var graph = Read();

        Assert.Equal(["batch", 3], ShapeInference.Of(graph)["scores"]);
        Assert.Equal(["batch", 4, 4, 4], ShapeInference.Of(graph)["/Add_output_0"]);
        Assert.Equal(8 * 8 * 4 * 9 + 2 * 2 * 4 * 4 * 9 + 16 * 4 * 8 + 32 * 3, GraphCost.Of(graph).MultiplyAdds);
    }

    static ModelGraph Read([CallerFilePath] string here = "") =>
        OnnxFile.ReadFile(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "golden", "pytorch-export.onnx"));
}
