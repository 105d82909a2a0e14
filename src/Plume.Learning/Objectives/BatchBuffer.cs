using System.Runtime.InteropServices;
using Plume.Learning.Data;
using Plume.Learning.Native;
using static TorchSharp.torch;

namespace Plume.Learning.Objectives;

/// <summary>One batch's memory, filled again and again.</summary>
sealed class BatchBuffer : IDisposable
{
    readonly LabeledSet set;
    readonly Tensor features;
    readonly Tensor labels;

    public BatchBuffer(LabeledSet set, int size)
    {
        TorchLibrary.EnsureLoaded();
        this.set = set;
        long[] shape = [size, .. set.SampleShape.Select(length => (long)length)];
        features = zeros(shape).DetachFromDisposeScope();
        labels = zeros(size, set.Targets is null ? ScalarType.Int64 : ScalarType.Float32).DetachFromDisposeScope();
    }

    /// <summary>
    /// The samples of those indices, at most as many as the buffer was made for, with their classes, or with the numbers to
    /// predict; valid until the next call.
    /// </summary>
    public (Tensor Features, Tensor Labels) Fill(ReadOnlySpan<int> indices)
    {
        var values = MemoryMarshal.Cast<byte, float>(features.bytes);
        var classes = MemoryMarshal.Cast<byte, long>(set.Targets is null ? labels.bytes : []);
        var targets = MemoryMarshal.Cast<byte, float>(set.Targets is null ? [] : labels.bytes);
        int length = set.SampleLength;
        for (int i = 0; i < indices.Length; i++)
        {
            set.Features.AsSpan(indices[i] * length, length).CopyTo(values[(i * length)..]);
            if (set.Targets is not null)
                targets[i] = set.Targets[indices[i]];
            else
                classes[i] = set.Labels[indices[i]];
        }

        return (features.narrow(0, 0, indices.Length), labels.narrow(0, 0, indices.Length));
    }

    public void Dispose()
    {
        features.Dispose();
        labels.Dispose();
    }
}
