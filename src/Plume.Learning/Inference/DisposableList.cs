namespace Plume.Learning.Inference;

/// <summary>Values that are given back together.</summary>
sealed class DisposableList<T> : List<T>, IDisposable where T : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => ForEach(each => each.Dispose());
}
