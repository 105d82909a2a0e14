using Plume.Models.Building;

namespace Plume.Models.Zoo;

/// <summary>
/// A perceptron with hidden layers of 300 and 100 neurons, 266,610 parameters for 28 x 28 grey values and ten classes:
/// what work on compression is measured on since LeCun et al., "Gradient-Based Learning Applied to Document
/// Recognition", 1998, and Han et al., "Deep Compression", 2015, arXiv:1510.00149.
/// </summary>
public static class LeNet300
{
    /// <summary>The name in <see cref="ModelZoo"/>.</summary>
    public const string Name = "lenet-300-100";

    /// <summary>Writes the layers behind what is already there.</summary>
    public static GraphBuilder Write(GraphBuilder network, int classes) => network
        .Flatten()
        .Dense("fc1", 300).Relu()
        .Dense("fc2", 100).Relu()
        .Dense("fc3", classes);
}
