using Plume.Models.Building;

namespace Plume.Models.Zoo;

/// <summary>
/// <see cref="LeNet"/> with a tenth of its multiply-adds: a student for distillation, of 8,217 parameters for 28 x 28 grey values
/// and ten classes.
/// </summary>
public static class LeNetSmall
{
    /// <summary>The name in <see cref="ModelZoo"/>.</summary>
    public const string Name = "lenet-small";

    /// <summary>Writes the layers behind what is already there.</summary>
    public static GraphBuilder Write(GraphBuilder network, int classes) => network
        .Conv("conv1", channels: 3, kernel: 5).Relu().MaxPool(2)
        .Conv("conv2", channels: 12, kernel: 5).Relu().MaxPool(2)
        .Flatten()
        .Dense("fc1", 32).Relu()
        .Dense("fc2", classes);
}
