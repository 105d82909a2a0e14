using System.Security.Authentication;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Plume.Compression.Wording;

namespace Plume.Server.Telemetry;

/// <summary>Writes the lines of one category as <see cref="CalmLog"/> says.</summary>
sealed class CalmLogger(string category, ILogger inner, CalmLog calm) : ILogger
{
    readonly bool servesCallers = category.StartsWith("Grpc.", StringComparison.Ordinal)
        || category.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (!inner.IsEnabled(logLevel) || (logLevel < LogLevel.Critical && !calm.IsShown(category, eventId)))
            return;
        if (servesCallers && IsCallers(exception))
            inner.Log(logLevel < LogLevel.Warning ? logLevel
                : LogLevel.Warning, eventId, state, null,
                (said, _) => Printable.Line($"{formatter(said, null)} {exception!.Message}"));
        else
            inner.Log(logLevel, eventId, state, exception is null ? null
                : new Shown(exception), (said, _) => Printable.Line(formatter(said, exception)));
    }

    // What a caller sent or did not send, or that it went away.
    static bool IsCallers(Exception? exception) =>
        exception is RpcException or InvalidProtocolBufferException or BadHttpRequestException or AuthenticationException
            or InvalidDataException or IOException or OperationCanceledException
        || (exception?.InnerException is { } inner && IsCallers(inner));

    /// <summary>An exception as it may be written.</summary>
    sealed class Shown(Exception exception) : Exception(Printable.Line(exception.Message), exception)
    {
        public override string ToString() => Printable.Lines(InnerException!.ToString());
    }
}
