namespace Plume.Compression.Codecs.Transform;

/// <summary>A stage that rewrites the values in place and can undo it.</summary>
public abstract record TransformStage : Stage
{
    private protected TransformStage()
    {
    }

    /// <inheritdoc/>
    public sealed override StageKind Kind => StageKind.Transform;

    /// <summary>Values to what the next stage sees.</summary>
    internal abstract void Forward(Span<float> values, ReadOnlySpan<float> reference);

    /// <summary>What the next stage gave back to values.</summary>
    internal abstract void Inverse(Span<float> values, ReadOnlySpan<float> reference);
}
