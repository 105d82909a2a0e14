using System.Buffers.Binary;
using System.Net;
using Plume.Protocol.V1;

namespace Plume.EndToEnd.Host;

/// <summary>
/// Stands between a client and its connection, and writes down which updates go out and what comes back: before the client knows
/// it.
/// </summary>
sealed class UploadWitness(HttpMessageHandler connection, int client, History history,
    Action<HistoryLine> saw) : DelegatingHandler(connection)
{
    const int FrameHeaderBytes = 5;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri?.AbsolutePath.EndsWith("/SumTrip", StringComparison.Ordinal) == true)
            return await SumTripAsync(request, cancellationToken).ConfigureAwait(false);
        if (request.RequestUri?.AbsolutePath.EndsWith("/Upload", StringComparison.Ordinal) != true)
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        UploadHeader? sent = null;
        request.Content = new WatchedContent(request.Content!, message =>
        {
            sent = UploadRequest.Parser.ParseFrom(message).Header;
            Write(Line(HistoryLine.Sent, sent, ""));
        });
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        if (body.Length >= FrameHeaderBytes && sent is not null)
        {
            var reply = UploadReply.Parser.ParseFrom(body.AsSpan(FrameHeaderBytes));
            Write(Line(reply.Outcome == UploadReply.Types.Outcome.Counted ? HistoryLine.Counted
                : HistoryLine.Refused, sent, reply.Rule));
        }

        return With(response, body);
    }

    // Of a secure sum masked words stand for the update; nothing tells them apart, and nobody needs it.
    async Task<HttpResponseMessage> SumTripAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        SumTripHeader? sent = null;
        request.Content = new WatchedContent(request.Content!, message =>
        {
            sent = SumTripRequest.Parser.ParseFrom(message).Header;
            if (sent is { Trip: SumTripHeader.Types.Trip.Masked, Length: > 0 })
                Write(Line(HistoryLine.Sent, sent, ""));
            saw(Line(sent.Trip.ToString(), sent, ""));
        });
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        if (body.Length >= FrameHeaderBytes && sent is not null)
        {
            var reply = SumTripReply.Parser.ParseFrom(body.AsSpan(FrameHeaderBytes));
            if (reply.What is SumTripReply.Types.What.Counted or SumTripReply.Types.What.Refused)
                Write(Line(reply.What == SumTripReply.Types.What.Counted ? HistoryLine.Counted : HistoryLine.Refused, sent,
                    reply.Rule));
        }

        return With(response, body);
    }

    HistoryLine Line(string what, SumTripHeader header, string rule) =>
        new(what, client, (int)header.Round, (int)header.Attempt, "", rule);

    static HttpResponseMessage With(HttpResponseMessage response, byte[] body)
    {
        var again = new ByteArrayContent(body);
        foreach (var (name, values) in response.Content.Headers)
            again.Headers.TryAddWithoutValidation(name, values);
        response.Content = again;
        return response;
    }

    void Write(HistoryLine line)
    {
        history.Add(line);
        saw(line);
    }

    HistoryLine Line(string what, UploadHeader header, string rule) =>
        new(what, client, (int)header.Round, (int)header.Attempt, Convert.ToHexStringLower(header.Sha256.Span), rule);

    /// <summary>The same content, whose first message is shown.</summary>
    sealed class WatchedContent : HttpContent
    {
        readonly HttpContent content;
        readonly Action<byte[]> show;

        public WatchedContent(HttpContent content, Action<byte[]> show)
        {
            (this.content, this.show) = (content, show);
            foreach (var (name, values) in content.Headers)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            content.CopyToAsync(new WatchedStream(stream, show), context);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    sealed class WatchedStream(Stream stream, Action<byte[]> show) : Stream
    {
        readonly MemoryStream first = new();
        bool shown;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Watch(buffer.Span);
            await stream.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        void Watch(ReadOnlySpan<byte> bytes)
        {
            if (shown)
                return;
            first.Write(bytes);
            var frame = first.GetBuffer().AsSpan(0, (int)first.Length);
            if (frame.Length < FrameHeaderBytes)
                return;
            int length = BinaryPrimitives.ReadInt32BigEndian(frame[1..]);
            if (frame.Length < FrameHeaderBytes + length)
                return;
            shown = true;
            show(frame.Slice(FrameHeaderBytes, length).ToArray());
        }
    }
}
