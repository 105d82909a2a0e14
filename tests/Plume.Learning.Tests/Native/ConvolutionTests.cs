using Plume.Learning.Native;
using static TorchSharp.torch;

namespace Plume.Learning.Tests.Native;

public class ConvolutionTests
{
    [Fact]
    public void Gradients_of_convolutions_are_those_of_doubles_whatever_the_channels()
    {
        TorchLibrary.EnsureLoaded();
        var draws = new Random(1);
        for (int use = 0; use < 200; use++)
        {
            using var scope = NewDisposeScope();
            long[] shape = [draws.Next(1, 6), draws.Next(1, 20), draws.Next(5, 13), draws.Next(5, 13)];
            long[] kernel = [draws.Next(1, 20), shape[1], draws.Next(1, 6), draws.Next(1, 6)];
            long[] strides = [draws.Next(1, 4), draws.Next(1, 4)];
            var (x, weights) = (Integers(draws, shape), Integers(draws, kernel));
            var (input, weight) = Gradients(x, weights, strides);
            var (exactInput, exactWeight) = Gradients(x.to(ScalarType.Float64), weights.to(ScalarType.Float64), strides);
            Assert.True(input.to(ScalarType.Float64).allclose(exactInput, 0, 0)
                && weight.to(ScalarType.Float64).allclose(exactWeight, 0, 0),
                $"x [{string.Join(", ", shape)}], kernel [{string.Join(", ", kernel)}], strides [{string.Join(", ", strides)}]");
        }
    }

    // Of a few values, so that all sums are exact.
    static Tensor Integers(Random draws, long[] shape) =>
        tensor([.. Enumerable.Range(0, (int)shape.Aggregate((product, length) => product * length))
            .Select(_ => (float)draws.Next(-4, 5))], shape);

    static (Tensor Input, Tensor Weight) Gradients(Tensor x, Tensor weights, long[] strides)
    {
        var (input, weight) = (x.detach().requires_grad_(), weights.detach().requires_grad_());
        var output = nn.functional.conv2d(input, weight, strides: strides);
        (output * (arange(output.numel()).remainder(7) - 3).to(output.dtype).view(output.shape)).sum().backward();
        return (input.grad!, weight.grad!);
    }
}
