using Plume.Models.Building;

namespace Plume.Models.Zoo;

/// <summary>
/// A residual network of three blocks for small images. After He et al., "Deep Residual Learning for Image
/// Recognition", 2015, arXiv:1512.03385, section 4.2, with projections where the shape changes.
/// </summary>
public static class ResNet8
{
    /// <summary>The name in <see cref="ModelZoo"/>.</summary>
    public const string Name = "resnet8";

    /// <summary>Writes the layers behind what is already there.</summary>
    public static GraphBuilder Write(GraphBuilder network, int classes)
    {
        ConvNorm(network, "stem", channels: 16, kernel: 3).Relu();
        Block(network, "block1", channels: 16, stride: 1);
        Block(network, "block2", channels: 32, stride: 2);
        Block(network, "block3", channels: 64, stride: 2);
        return network.GlobalAveragePool().Flatten().Dense("fc", classes);
    }

    static void Block(GraphBuilder network, string name, int channels, int stride) => network
        .Residual(
            main =>
            {
                ConvNorm(main, $"{name}.1", channels, kernel: 3, stride).Relu();
                ConvNorm(main, $"{name}.2", channels, kernel: 3);
            },
            stride == 1 ? null : shortcut => ConvNorm(shortcut, $"{name}.shortcut", channels, kernel: 1, stride))
        .Relu();

    // The shift of the normalization makes a bias before it idle.
    static GraphBuilder ConvNorm(GraphBuilder network, string name, int channels, int kernel, int stride = 1) => network
        .Conv($"{name}.conv", channels, kernel, stride, padding: kernel / 2, bias: false)
        .BatchNorm($"{name}.bn");
}
