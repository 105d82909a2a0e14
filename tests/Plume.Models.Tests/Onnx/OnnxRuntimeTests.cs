using Plume.Models.Zoo;

namespace Plume.Models.Tests;

public class OnnxRuntimeTests
{
    const int Batch = 3;

    public static TheoryData<string> Names => [.. ModelZoo.Names];

    [Theory, MemberData(nameof(Names))]
    public void Onnx_Runtime_agrees_with_the_definition_of_every_model(string name)
    {
        var graph = Some.Trained(Some.Model(name));
        float[] images = Some.Normal(Batch * 28 * 28, "images");

        var (shape, values) = Runtime.Run(graph, [Batch, 1, 28, 28], images);

        Assert.Equal([Batch, 10], shape);
        var expected = NaiveForward.Run(graph, new([Batch, 1, 28, 28], [.. images.Select(value => (double)value)]));
        for (int index = 0; index < values.Length; index++)
            Assert.Equal(expected.Values[index], values[index], 1e-4);
    }

    [Theory, InlineData("logistic"), InlineData("mlp"), InlineData("resnet8")]
    public void Small_models_run_on_digits_of_8_by_8(string name)
    {
        var graph = ModelZoo.Build(name, [1, 8, 8], 10, Some.Key);

        var (shape, values) = Runtime.Run(graph, [5, 1, 8, 8], Some.Normal(5 * 64, "digits"));

        Assert.Equal([5, 10], shape);
        Assert.All(values, value => Assert.True(float.IsFinite(value)));
    }
}
