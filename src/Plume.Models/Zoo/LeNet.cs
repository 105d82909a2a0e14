using Plume.Models.Building;

namespace Plume.Models.Zoo;

/// <summary>
/// A small convolutional network for images of at least 16 x 16; 80,202 parameters for 28 x 28 grey values and ten
/// classes. After LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998.
/// </summary>
public static class LeNet
{
    /// <summary>The name in <see cref="ModelZoo"/>.</summary>
    public const string Name = "lenet";

    /// <summary>Writes the layers behind what is already there.</summary>
    public static GraphBuilder Write(GraphBuilder network, int classes) => network
        .Conv("conv1", channels: 16, kernel: 5).Relu().MaxPool(2)
        .Conv("conv2", channels: 32, kernel: 5).Relu().MaxPool(2)
        .Flatten()
        .Dense("fc1", 128).Relu()
        .Dense("fc2", classes);
}
