using Microsoft.Extensions.Logging;

namespace Plume.Cli.Network.Serving;

/// <summary>What a server logs, and how: lines on standard output.</summary>
static partial class ServeLog
{
    /// <summary>Sets a log up.</summary>
    /// <param name="logging">The log.</param>
    /// <param name="isJson">Whether each event is one JSON object.</param>
    /// <param name="isVerbose">Whether the web server and the silo are heard as well.</param>
    public static void Configure(ILoggingBuilder logging, bool isJson, bool isVerbose)
    {
        if (isJson)
            AddJson(logging);
        else
            AddText(logging);
        logging.AddFilter((category, level) => level >= LogLevel.Warning
            || (level >= LogLevel.Information && (isVerbose || category?.StartsWith("Plume", StringComparison.Ordinal) == true)));
        if (isVerbose)
            return;
        logging.AddFilter("Orleans", LogLevel.Error);

        // A server that stops looks for another to take its federations, which on one machine is not there.
        logging.AddFilter("Orleans.Grain", LogLevel.Critical);

        // Why a start failed is said at the end, in one line and not by its stack; why a running server ends is critical.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }

    /// <summary>Tells the operator something, as an event where events are JSON: a collector reads nothing else.</summary>
    public static void Tell(ILogger log, bool isJson, string text)
    {
        if (isJson)
            Event(log, text);
        else
            Console.Out.WriteLine(text);
    }

    static void AddText(ILoggingBuilder logging) => logging.AddSimpleConsole(console =>
    {
        console.SingleLine = true;
        console.TimestampFormat = "HH:mm:ss ";
        console.UseUtcTimestamp = true;
    });

    static void AddJson(ILoggingBuilder logging) => logging.AddJsonConsole(console =>
    {
        console.IncludeScopes = false;
        console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        console.UseUtcTimestamp = true;
    });

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Text}")]
    static partial void Event(ILogger logger, string text);
}
