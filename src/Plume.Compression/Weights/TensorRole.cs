namespace Plume.Compression.Weights;

/// <summary>What a tensor is for. A codec keeps everything but <see cref="Weight"/> at high precision.</summary>
public enum TensorRole : byte
{
    /// <summary>A matrix or a convolution kernel: many values, most of the bytes.</summary>
    Weight = 0,

    /// <summary>An offset added to a layer's output.</summary>
    Bias = 1,

    /// <summary>The learned scale or shift of a normalization.</summary>
    Normalization = 2,

    /// <summary>A running mean or variance: measured on data, not learned by the optimizer.</summary>
    Statistic = 3,

    /// <summary>
    /// The distance between two levels of a quantization that is trained: learned, always above zero, and never sent in fewer
    /// bits than a float has.
    /// </summary>
    Step = 4,
}
