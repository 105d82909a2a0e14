using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Plume.Server.Telemetry;

/// <summary>
/// Stands before everything that hears a server's log, so that no caller can use it as a weapon: however often something
/// happens, a few lines a second tell of it and one says how many more there were; what others wrote is printable; and a mistake
/// of a caller, which the web server and gRPC report as an error with its stack, is a warning of one line.
/// </summary>
sealed partial class CalmLog : ILoggerProvider, ISupportExternalScope
{
    const int OursMost = 1000, OthersMost = 100;

    static readonly TimeSpan Span = TimeSpan.FromSeconds(10);

    readonly ILoggerProvider inner;
    readonly ILogger told;
    readonly ITimer timer;
    readonly Lock access = new();
    Dictionary<(string Category, int Event), int> counts = [];

    public CalmLog(ILoggerProvider inner, TimeProvider time)
    {
        this.inner = inner;
        told = inner.CreateLogger("Plume.Log");
        timer = time.CreateTimer(_ => BeginAnew(), null, Span, Span);
    }

    /// <summary>Puts one before each provider that there is among the services.</summary>
    public static void StandBefore(IServiceCollection services, TimeProvider time)
    {
        for (int i = 0; i < services.Count; i++)
        {
            if (services[i].ServiceType != typeof(ILoggerProvider))
                continue;
            var plain = services[i];
            services[i] = ServiceDescriptor.Singleton<ILoggerProvider>(provider => new CalmLog(Make(plain, provider), time));
        }
    }

    public ILogger CreateLogger(string categoryName) => new CalmLogger(categoryName, inner.CreateLogger(categoryName), this);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) =>
        (inner as ISupportExternalScope)?.SetScopeProvider(scopeProvider);

    /// <summary>Whether one more line of a kind is written; counted either way.</summary>
    public bool IsShown(string category, EventId id)
    {
        lock (access)
        {
            int before = counts.GetValueOrDefault((category, id.Id));
            counts[(category, id.Id)] = before + 1;
            return before < MostOf(category);
        }
    }

    public void Dispose()
    {
        timer.Dispose();
        inner.Dispose();
    }

    void BeginAnew()
    {
        Dictionary<(string Category, int Event), int> over;
        lock (access)
            (over, counts) = (counts, []);
        foreach (var ((category, id), count) in over.Where(entry => entry.Value > MostOf(entry.Key.Category)))
            LeftOut(told, count - MostOf(category), category, id, Span.TotalSeconds);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Left out {Count} lines more of {Category}, event {Event}, in the last {Seconds} s")]
    static partial void LeftOut(ILogger logger, int count, string category, int @event, double seconds);

    static int MostOf(string category) => category.StartsWith("Plume", StringComparison.Ordinal) ? OursMost : OthersMost;

    static ILoggerProvider Make(ServiceDescriptor plain, IServiceProvider provider) =>
        (ILoggerProvider)(plain.ImplementationInstance ?? plain.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, plain.ImplementationType!));
}
