using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Plume.Client.Calls;

/// <summary>Renews the client's certificate long before it expires. A renewal that fails is tried again later: the certificate at hand is still good.</summary>
sealed partial class Renewal(ClientOptions options, ServerConnection connection)
{
    static readonly TimeSpan Between = TimeSpan.FromMinutes(10);

    DateTimeOffset next = DateTimeOffset.MinValue;

    /// <summary>Renews if it is due.</summary>
    public async Task TryAsync(CancellationToken cancellation)
    {
        var now = options.Time.GetUtcNow();
        if (options.Identity is not { } identity || now < identity.RenewalDue || now < next)
            return;
        next = now + Between;
        using var guard = new StallGuard(options.Patience, options.Time, cancellation);
        try
        {
            if (await identity.RenewIfDueAsync(connection.Invoker, options.Time, guard.Token).ConfigureAwait(false))
                LogRenewed(options.Logger, options.Name, identity.Certificate.NotAfter);
        }
        catch (Exception failure) when (failure is RpcException or InvalidDataException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            LogNotRenewed(options.Logger, options.Name, identity.Certificate.NotAfter, CallFailure.Describe(failure, options));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Client} has a new certificate, good until {Expires}")]
    static partial void LogRenewed(ILogger logger, string client, DateTime expires);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Client}: the certificate, good until {Expires}, could not be renewed yet: {Reason}")]
    static partial void LogNotRenewed(ILogger logger, string client, DateTime expires, string reason);
}
