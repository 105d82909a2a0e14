using Microsoft.Extensions.Logging;

namespace Plume.Client.Tests.Fakes;

/// <summary>Listens to a client: its progress and its log.</summary>
sealed class Heard : IProgress<ClientProgress>, ILogger
{
    readonly List<ClientProgress> steps = [];
    readonly List<string> log = [];

    /// <summary>Is called at each step, on the client's own thread.</summary>
    public Action<ClientProgress>? At { get; set; }

    public IReadOnlyList<ClientProgress> Steps => steps;

    public IReadOnlyList<string> Lines => log;

    public void Report(ClientProgress value)
    {
        steps.Add(value);
        At?.Invoke(value);
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) => log.Add(formatter(state, exception));

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
}
