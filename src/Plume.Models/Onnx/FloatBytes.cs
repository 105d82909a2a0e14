using System.Buffers;
using System.Runtime.InteropServices;

namespace Plume.Models.Onnx;

/// <summary>Floats as the bytes that they are, without a copy.</summary>
sealed class FloatBytes(Memory<float> floats) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(floats.Span);

    public override MemoryHandle Pin(int elementIndex = 0) =>
        throw new NotSupportedException("What is read and written in spans is not pinned.");

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
