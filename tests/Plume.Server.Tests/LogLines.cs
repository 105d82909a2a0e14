using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Plume.Server.Tests;

/// <summary>Keeps all that is logged, at every level.</summary>
sealed class LogLines : ILoggerProvider
{
    readonly ConcurrentQueue<(string Category, string Text, string Line)> lines = new();
    readonly ConcurrentDictionary<string, TaskCompletionSource> awaited = [];

    /// <summary>Every line: its level, its category, and what was said, with the exception.</summary>
    public IEnumerable<string> Lines => lines.Select(line => line.Line);

    /// <summary>What was said to the audit.</summary>
    public IEnumerable<string> Audit =>
        lines.Where(line => line.Category.EndsWith(".IdentityAudit", StringComparison.Ordinal)).Select(line => line.Text);

    /// <summary>Whether a line has this text.</summary>
    public bool Has(string text) => Lines.Any(line => line.Contains(text, StringComparison.Ordinal));

    /// <summary>Ends when a line has this text.</summary>
    public Task WaitForAsync(string text)
    {
        var seen = awaited.GetOrAdd(text, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Has(text))
            seen.TrySetResult();
        return seen.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose()
    {
    }

    void Add(LogLevel level, string category, string said)
    {
        string line = $"{level} {category}: {said}";
        lines.Enqueue((category, said, line));
        foreach (var (text, seen) in awaited)
        {
            if (line.Contains(text, StringComparison.Ordinal))
                seen.TrySetResult();
        }
    }

    sealed class Writer(LogLines log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            log.Add(logLevel, category, $"{formatter(state, exception)} {exception}");
    }
}
