namespace Plume.Learning.Inference;

/// <summary>
/// A rewritten model does not compute in ONNX Runtime what it was measured to compute; the message says where and by how much.
/// </summary>
public sealed class RewriteMismatchException : Exception
{
    /// <summary>A mismatch.</summary>
    public RewriteMismatchException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
