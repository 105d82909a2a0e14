using Plume.Models.Building;

namespace Plume.Models.Zoo;

/// <summary>Multinomial logistic regression: one matrix, a convex problem. The smallest model that learns digits.</summary>
public static class Logistic
{
    /// <summary>The name in <see cref="ModelZoo"/>.</summary>
    public const string Name = "logistic";

    /// <summary>Writes the layers behind what is already there.</summary>
    public static GraphBuilder Write(GraphBuilder network, int classes) => network.Flatten().Dense("fc", classes);
}
