namespace Plume.Federation.Methods;

/// <summary>What is kept of one axis of a tensor.</summary>
/// <param name="Tensor">The tensor's name.</param>
/// <param name="Axis">The axis.</param>
/// <param name="Kept">The indices that stay, in rising order.</param>
public sealed record AxisCut(string Tensor, int Axis, IReadOnlyList<int> Kept);

/// <summary>
/// Knows which channels of a model must go together, and which of them matter least. Plume.Learning has one for ONNX graphs.
/// </summary>
public interface IModelChannels
{
    /// <summary>The largest share of the weights that can go with channels; 0 where none can.</summary>
    double MostShare { get; }

    /// <summary>What stays where that share of the weights goes, least important channels first.</summary>
    /// <param name="weights">The model's weights, in which what has gone is zero.</param>
    /// <param name="share">The share, above 0 and at most <see cref="MostShare"/>.</param>
    IReadOnlyList<AxisCut> Without(ReadOnlyMemory<float> weights, double share);
}
