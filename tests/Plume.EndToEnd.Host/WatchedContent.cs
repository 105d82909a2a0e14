using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace Plume.EndToEnd.Host;

/// <summary>Shows the first message of a gRPC stream, as soon as its last byte went by.</summary>
sealed class FirstMessage(Action<byte[]> show)
{
    public const int HeaderBytes = 5;

    readonly List<byte> first = [];
    bool shown;

    public void Watch(ReadOnlySpan<byte> bytes)
    {
        if (shown)
            return;
        first.AddRange(bytes);
        var frame = CollectionsMarshal.AsSpan(first);
        if (frame.Length < HeaderBytes)
            return;
        int length = BinaryPrimitives.ReadInt32BigEndian(frame[1..]);
        if (frame.Length < HeaderBytes + length)
            return;
        shown = true;
        show(frame.Slice(HeaderBytes, length).ToArray());
    }
}

/// <summary>The same content, whose first message is shown.</summary>
sealed class WatchedContent : HttpContent
{
    readonly HttpContent content;
    readonly FirstMessage first;

    public WatchedContent(HttpContent content, Action<byte[]> show)
    {
        (this.content, first) = (content, new FirstMessage(show));
        foreach (var (name, values) in content.Headers)
            Headers.TryAddWithoutValidation(name, values);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        content.CopyToAsync(new Written(stream, first), context);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    sealed class Written(Stream stream, FirstMessage first) : PassingStream
    {
        public override bool CanRead => false;

        public override bool CanWrite => true;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            first.Watch(buffer.Span);
            await stream.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);
    }
}

/// <summary>The same answer, whose first message is shown before the caller has it.</summary>
sealed class WatchedAnswer(Stream stream, FirstMessage first) : PassingStream
{
    public override bool CanRead => true;

    public override bool CanWrite => false;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        first.Watch(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            stream.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A stream that bytes only pass through, without waiting for them.</summary>
abstract class PassingStream : Stream
{
    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
