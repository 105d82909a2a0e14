using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Plume.Client.Calls;

/// <summary>
/// Renews the client's certificate long before it expires, or after, as long as the server lets it. A renewal that fails is tried
/// again later while the certificate at hand is still good; without one that is good there is nothing else to do.
/// </summary>
sealed partial class Renewal(ClientOptions options, ServerConnection connection, Action<ClientStage, int, string> tell)
{
    static readonly TimeSpan Between = TimeSpan.FromMinutes(10);

    long? tried;

    /// <summary>Renews if it is due.</summary>
    /// <exception cref="RpcException">The certificate has ended and was not renewed; others may be thrown for the same
    /// reason.</exception>
    public async Task TryAsync(CancellationToken cancellation)
    {
        if (options.Identity is not { } identity || options.Time.GetUtcNow() < identity.RenewalDue)
            return;
        bool hasExpired = identity.HasExpired(options.Time);
        if (!hasExpired && tried is { } before && options.Time.GetElapsedTime(before) < Between)
            return;
        tried = options.Time.GetTimestamp();
        using var guard = new StallGuard(options.Patience, options.Time, cancellation);
        try
        {
            if (!await RenewAsync(guard.Token).ConfigureAwait(false))
                return;
            LogRenewed(options.Logger, options.Name, identity.Certificate.NotAfter);
            tell(ClientStage.Renewed, 0,
                $"its certificate is renewed and good until {identity.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}");
        }
        catch (Exception failure) when (failure is RpcException or InvalidDataException or IOException
            or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            string reason = CallFailure.Describe(failure, options);
            LogNotRenewed(options.Logger, options.Name, identity.Certificate.NotAfter, reason);
            if (hasExpired)
                throw;
            tell(ClientStage.NotRenewed, 0,
                $"its certificate, good until {identity.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}, could not be "
                    + $"renewed yet: {reason}");
        }
    }

    async Task<bool> RenewAsync(CancellationToken cancellation)
    {
        var identity = options.Identity!;
        if (options.Handler is not null)
            return await identity.RenewIfDueAsync(connection.Invoker, options.Time, cancellation).ConfigureAwait(false);
        bool isNew = await identity.RenewIfDueAsync(options.Server, ServerConnection.Trust(options), options.Time, cancellation)
            .ConfigureAwait(false);
        if (isNew)
            connection.Reopen();
        return isNew;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Client} has a new certificate, good until {Expires}")]
    static partial void LogRenewed(ILogger logger, string client, DateTime expires);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Client}: the certificate, good until {Expires}, could not be renewed yet: {Reason}")]
    static partial void LogNotRenewed(ILogger logger, string client, DateTime expires, string reason);
}
