using Plume.Models.Graph;

namespace Plume.Learning.Shrink;

/// <summary>One attempt on the way to a smaller model.</summary>
/// <param name="What">What was done, for a table.</param>
/// <param name="Model">The model as it would ship.</param>
/// <param name="Bytes">Its bytes as an ONNX file.</param>
/// <param name="Compressed">The same as a .plume file without loss.</param>
/// <param name="Accuracy">On the validation samples, run in ONNX Runtime.</param>
/// <param name="Loss">Of accuracy, against the original.</param>
/// <param name="IsKept">Whether the loss is within the bound by a standard error.</param>
public sealed record ShrinkStep(string What, ModelGraph Model, long Bytes, ReadOnlyMemory<byte> Compressed, double Accuracy,
    AccuracyLoss Loss, bool IsKept)
{
    /// <summary>What a quantized model should compute, as a graph in floats; null for a model in floats.</summary>
    public ModelGraph? Simulated { get; init; }

    /// <summary>Its bytes as a .plume file.</summary>
    public long CompressedBytes => Compressed.Length;
}

/// <summary>What shrinking came to.</summary>
/// <param name="Steps">The original, then all attempts in order.</param>
/// <param name="Best">Of the models that keep the bound and reach the target, or of those that keep the bound where none reaches
/// it, the smallest as a .plume file.</param>
/// <param name="TargetBytes">What was asked for.</param>
public sealed record ShrinkResult(IReadOnlyList<ShrinkStep> Steps, ShrinkStep Best, long TargetBytes)
{
    /// <summary>Whether the best model is as small as was asked for.</summary>
    public bool IsReached => Best.Bytes <= TargetBytes;
}
