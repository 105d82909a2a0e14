using Plume.Models.Building;

namespace Plume.Models.Zoo;

/// <summary>A perceptron with one hidden layer.</summary>
public static class Mlp
{
    /// <summary>The name in <see cref="ModelZoo"/>.</summary>
    public const string Name = "mlp";

    /// <summary>Writes the layers behind what is already there.</summary>
    public static GraphBuilder Write(GraphBuilder network, int classes, int hidden = 64) => network
        .Flatten()
        .Dense("fc1", hidden).Relu()
        .Dense("fc2", classes);
}
