using System.Security.Cryptography;
using Plume.Protocol.V1;

namespace Plume.EndToEnd.Host;

/// <summary>
/// Stands between a client and its connection, and writes down which updates go out and what comes back: before the client knows
/// it.
/// </summary>
sealed class UploadWitness(HttpMessageHandler connection, int client, History history,
    Action<HistoryLine> saw) : DelegatingHandler(connection)
{
    const int FrameHeaderBytes = FirstMessage.HeaderBytes;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri?.AbsolutePath.EndsWith("/SumTrip", StringComparison.Ordinal) == true)
            return await SumTripAsync(request, cancellationToken).ConfigureAwait(false);
        if (request.RequestUri?.AbsolutePath.EndsWith("/Turn", StringComparison.Ordinal) == true)
            return await TurnAsync(request, cancellationToken).ConfigureAwait(false);
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

    // What became of the update comes first, long before the rest of the answer.
    async Task<HttpResponseMessage> TurnAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        WholeUpdate? sent = null;
        request.Content = new WatchedContent(request.Content!, message =>
        {
            sent = TurnRequest.Parser.ParseFrom(message).Update;
            if (sent is not null)
                Write(Line(HistoryLine.Sent, sent, ""));
        });
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var answer = new FirstMessage(message =>
        {
            if (TurnReply.Parser.ParseFrom(message).Receipt is { } receipt)
                Write(Line(receipt.Outcome == UploadReply.Types.Outcome.Counted ? HistoryLine.Counted
                    : HistoryLine.Refused, sent!, receipt.Rule));
        });
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var again = new StreamContent(new WatchedAnswer(body, answer));
        foreach (var (name, values) in response.Content.Headers)
            again.Headers.TryAddWithoutValidation(name, values);
        response.Content = again;
        return response;
    }

    HistoryLine Line(string what, WholeUpdate update, string rule) => new(what, client, (int)update.Round, (int)update.Attempt,
        Convert.ToHexStringLower(SHA256.HashData(update.Payload.Span)), rule);

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
}
