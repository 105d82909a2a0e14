using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plume.Federation.Learners;

namespace Plume.Client.Hosting;

/// <summary>Joins federations from a program that has a host: ASP.NET Core, a worker.</summary>
public static class PlumeClientSetup
{
    /// <summary>
    /// Adds a client that joins when the host starts, leaves when it stops, and takes up its part again when it starts anew.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">Which federation, and as whom. Without a logger it logs where the host does.</param>
    /// <param name="makeLearner">Makes what trains on the client's data, of the federation's terms.</param>
    /// <exception cref="ArgumentException">The options break a rule.</exception>
    public static IServiceCollection AddPlumeClient(this IServiceCollection services, ClientOptions options,
        Func<IServiceProvider, FederationTerms, ILearner> makeLearner)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(makeLearner);
        options.Check();

        // Not AddHostedService, which takes a type once: a host may have several clients.
        return services.AddSingleton<IHostedService>(provider =>
        {
            var logger = ReferenceEquals(options.Logger, NullLogger.Instance)
                && provider.GetService<ILoggerFactory>() is { } factory ? factory.CreateLogger("Plume.Client") : options.Logger;
            return new PlumeClientWorker(options with { Logger = logger }, terms => makeLearner(provider, terms));
        });
    }
}
