using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Plume.Server.Tests.Identity;

/// <summary>Keeps all that is logged, at every level.</summary>
sealed class LogLines : ILoggerProvider
{
    readonly ConcurrentQueue<(string Category, string Text)> lines = new();

    public IEnumerable<string> All => lines.Select(line => line.Text);

    public IEnumerable<string> Audit =>
        lines.Where(line => line.Category.EndsWith(".IdentityAudit", StringComparison.Ordinal)).Select(line => line.Text);

    public ILogger CreateLogger(string categoryName) => new Writer(categoryName, lines);

    public void Dispose()
    {
    }

    sealed class Writer(string category, ConcurrentQueue<(string Category, string Text)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            lines.Enqueue((category, $"{formatter(state, exception)} {exception}"));
    }
}
