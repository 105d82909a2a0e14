namespace Plume.Models.Prune.Channels;

/// <summary>How a channel stands in a tensor.</summary>
public enum ChannelUse
{
    /// <summary>A product writes the channel from here: rows of a matrix, kernels of a convolution.</summary>
    Produces,

    /// <summary>A product reads the channel here.</summary>
    Consumes,

    /// <summary>A value for each channel: a bias, a normalization, a statistic, a scale.</summary>
    Accompanies,
}

/// <summary>Where the channels of a group lie along one axis of a tensor.</summary>
/// <param name="Tensor">The name of the initializer.</param>
/// <param name="Axis">The axis along which the channels lie.</param>
/// <param name="Use">What the tensor does with them.</param>
/// <param name="Indices">For each channel, its indices along the axis in rising order: a run of them behind a Flatten, one in
/// most places.</param>
public sealed record ChannelSlice(string Tensor, int Axis, ChannelUse Use, IReadOnlyList<IReadOnlyList<int>> Indices)
{
    /// <summary>For example <c>conv2.weight axis 1 (consumes)</c>.</summary>
    public override string ToString() =>
        $"{Tensor} axis {Axis} "
            + $"({Use switch { ChannelUse.Produces => "produces", ChannelUse.Consumes => "consumes", _ => "accompanies" }})";
}

/// <summary>
/// Channels that lie in the same tensors. One of them can be removed from all of these together, and from none alone.
/// </summary>
/// <param name="Channels">Number of channels.</param>
/// <param name="Slices">Where they lie.</param>
public sealed record ChannelGroup(int Channels, IReadOnlyList<ChannelSlice> Slices)
{
    /// <summary>The tensors that produce the channels, joined by plus signs.</summary>
    public string Name => string.Join(" + ", Slices.Where(slice => slice.Use == ChannelUse.Produces)
        .Select(slice => slice.Tensor));

    /// <summary>For example <c>conv1.weight: 16 channels in 3 tensors</c>.</summary>
    public override string ToString() =>
        $"{Name}: {Channels} channels in {Slices.Select(slice => slice.Tensor).Distinct().Count()} tensors";
}

/// <summary>A tensor whose output channels, or some of them, cannot be removed.</summary>
/// <param name="Tensor">The name of the initializer.</param>
/// <param name="Reason">Why: what its channels do.</param>
public sealed record Unprunable(string Tensor, string Reason)
{
    /// <summary>For example <c>The channels of 'fc2.weight' stay: they reach the graph's output 'output'.</c></summary>
    public override string ToString() => $"The channels of '{Tensor}' stay: {Reason}.";
}
