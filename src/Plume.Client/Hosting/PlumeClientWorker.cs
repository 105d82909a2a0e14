using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Plume.Federation.Learners;

namespace Plume.Client.Hosting;

/// <summary>A client for as long as its host runs. What ends it for good is logged and does not take the host with it.</summary>
sealed partial class PlumeClientWorker(ClientOptions options, Func<FederationTerms, ILearner> makeLearner) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var result = await FederatedClient.JoinAsync(options, makeLearner, stoppingToken).ConfigureAwait(false);
            LogEnded(options.Logger, options.Name, options.Federation, result.LastVersion, result.Message);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        catch (FederationException problem)
        {
            LogOut(options.Logger, problem);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Client}: {Federation} has ended with version {Version}. {Reason}")]
    static partial void LogEnded(ILogger logger, string client, string federation, int version, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The client is out")]
    static partial void LogOut(ILogger logger, Exception problem);
}
