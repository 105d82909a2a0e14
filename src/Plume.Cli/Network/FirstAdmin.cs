using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Plume.Compression.Files;
using Plume.Server.Identity;
using Plume.Server.Identity.Enrolling;

namespace Plume.Cli.Network;

/// <summary>
/// How the first operator of a new server comes in: by a token in a file that only the server's owner can read.
/// </summary>
static class FirstAdmin
{
    /// <summary>The name that the token is bound to.</summary>
    public const string Name = "admin";

    static readonly TimeSpan Validity = TimeSpan.FromDays(1);

    /// <summary>Writes a token, if no operator is enrolled, or none whose certificate is good or can still be renewed.</summary>
    /// <returns>The token's file; null where there is an operator.</returns>
    public static async Task<string?> InviteAsync(IServiceProvider services, string folder, CancellationToken cancellation)
    {
        var (now, grace) = (services.GetRequiredService<TimeProvider>().GetUtcNow(),
            services.GetRequiredService<IdentityOptions>().RenewalGrace);
        var enrolled = await services.GetRequiredService<ClientRegistry>().ListAsync(cancellation);
        if (enrolled.Any(entry => entry.Role.HasFlag(Roles.Admin) && !entry.Revoked && entry.Expires + grace > now))
            return null;
        string token = await services.GetRequiredService<EnrolmentTokens>()
            .IssueAsync(Name, Roles.Admin, [], Validity, cancellation);
        string path = Path.Combine(folder, "admin.token");
        // In a cluster the server keeps nothing else in its folder.
        PrivateFiles.MakeFolder(folder);
        AtomicFile.Write(path, Encoding.ASCII.GetBytes(token), AtomicFile.OwnerOnly);
        return path;
    }
}
