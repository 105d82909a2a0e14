using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Plume.Server.Identity.Admission;
using Plume.Server.Identity.Certificates;
using Plume.Server.Identity.Enrolling;

namespace Plume.Server.Identity;

/// <summary>Puts identity into a server.</summary>
public static class IdentitySetup
{
    /// <summary>
    /// Adds who may call. The services must have <see cref="Storage.IRecords"/> as well; <see cref="EnrolmentRpc"/> can be mapped
    /// only with an authority.
    /// </summary>
    /// <param name="services">The server's services.</param>
    /// <param name="options">Whether calls without TLS are taken.</param>
    /// <param name="authority">Issues client certificates; null on a server without TLS.</param>
    public static IServiceCollection AddIdentity(this IServiceCollection services, IdentityOptions options,
        CertificateAuthority? authority)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<ClientRegistry>();
        services.AddSingleton<EnrolmentTokens>();
        services.AddSingleton<Refusals>();
        services.AddSingleton<IdentityAudit>();
        services.AddSingleton<CallLimit>();
        services.AddSingleton<EnrolmentLimit>();
        services.AddSingleton(provider => new CallerIdentification(
            provider.GetService<CertificateCheck>(), provider.GetRequiredService<ClientRegistry>(), options,
            provider.GetRequiredService<TimeProvider>()));
        if (authority is not null)
        {
            services.AddSingleton(authority);
            services.AddSingleton<CertificateCheck>();
            services.AddSingleton<Enrolments>();
            services.AddSingleton<CertificateWatch>();
            services.AddHostedService(provider => provider.GetRequiredService<CertificateWatch>());
        }

        return services;
    }

    /// <summary>
    /// Lets calls through to endpoints only when it is known who makes them; comes after routing and before anything that reads a
    /// call.
    /// </summary>
    public static IApplicationBuilder UseIdentity(this IApplicationBuilder app) =>
        app.UseMiddleware<EnrolmentLimit>().UseMiddleware<CallerGate>();
}
