using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Plume.Server.Tests.Flower;

/// <summary>Keeps what is logged.</summary>
sealed class LogLines : ILoggerProvider
{
    readonly ConcurrentDictionary<string, TaskCompletionSource> awaited = [];

    public ConcurrentQueue<string> Lines { get; } = [];

    /// <summary>Ends when a line has this text.</summary>
    public Task WaitForAsync(string text)
    {
        var seen = awaited.GetOrAdd(text, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Has(text))
            seen.TrySetResult();
        return seen.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public bool Has(string text) => Lines.Any(line => line.Contains(text, StringComparison.Ordinal));

    void Add(string line)
    {
        Lines.Enqueue(line);
        foreach (var (text, seen) in awaited)
        {
            if (line.Contains(text, StringComparison.Ordinal))
                seen.TrySetResult();
        }
    }

    public ILogger CreateLogger(string categoryName) => new Lined(this, categoryName);

    public void Dispose()
    {
    }

    sealed class Lined(LogLines log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            log.Add($"{logLevel} {category}: {formatter(state, exception)}");
    }
}
