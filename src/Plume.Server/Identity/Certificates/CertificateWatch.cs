using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Plume.Server.Identity.Enrolling;

namespace Plume.Server.Identity.Certificates;

/// <summary>
/// Looks after certificates while a server runs: renews the server's own, and says in the log and to operators which end soon.
/// </summary>
public sealed partial class CertificateWatch : BackgroundService
{
    /// <summary>How long before its end a root is spoken of: long enough to give everybody another one.</summary>
    public static readonly TimeSpan RootNotice = TimeSpan.FromDays(180);

    /// <summary>
    /// How long before its end a server's certificate is spoken of; one of the own root is renewed long before.
    /// </summary>
    public static readonly TimeSpan ServerNotice = TimeSpan.FromDays(30);

    /// <summary>
    /// How long before its end a client's or an operator's certificate is spoken of; it could have been renewed for a week by
    /// then.
    /// </summary>
    public static readonly TimeSpan ClientNotice = TimeSpan.FromDays(13);

    const int MostNames = 5;

    static readonly TimeSpan Interval = TimeSpan.FromHours(1), Repetition = TimeSpan.FromDays(1),
        Fresh = TimeSpan.FromSeconds(10);

    readonly CertificateAuthority authority;
    readonly ServedCertificate? served;
    readonly ClientRegistry registry;
    readonly IdentityOptions options;
    readonly TimeProvider time;
    readonly ILogger<CertificateWatch> logger;
    (long At, IReadOnlyList<string> Told)? last;

    /// <summary>Watches the certificates of one authority.</summary>
    public CertificateWatch(CertificateAuthority authority, ClientRegistry registry, IdentityOptions options, TimeProvider time,
        ILogger<CertificateWatch> logger, ServedCertificate? served = null)
    {
        (this.authority, this.served, this.registry) = (authority, served, registry);
        (this.options, this.time, this.logger) = (options, time, logger);
    }

    /// <summary>
    /// Which certificates end soon, and which ended that can still be renewed, in sentences; as of a few seconds ago.
    /// </summary>
    public async ValueTask<IReadOnlyList<string>> WarningsAsync(CancellationToken cancellation)
    {
        if (last is { } known && time.GetElapsedTime(known.At) < Fresh)
            return known.Told;
        List<string> told = [.. OwnWarnings()];
        try
        {
            told.AddRange(ClientWarnings(await registry.ListAsync(cancellation)));
        }
        catch (Exception problem) when (problem is IOException or InvalidDataException)
        {
            told.Add($"Which clients' certificates end soon cannot be told: {problem.Message}");
        }

        last = (time.GetTimestamp(), told);
        return told;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var told = new Dictionary<string, long>(StringComparer.Ordinal);
        try
        {
            do
                await LookAsync(told, stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    async Task LookAsync(Dictionary<string, long> told, CancellationToken cancellation)
    {
        if (served?.Refresh() is { } done)
            LogOwn(logger, done);
        foreach (string warning in await WarningsAsync(cancellation))
        {
            if (told.TryGetValue(warning, out long before) && time.GetElapsedTime(before) < Repetition)
                continue;
            told[warning] = time.GetTimestamp();
            LogEnding(logger, warning);
        }
    }

    IEnumerable<string> OwnWarnings()
    {
        DateTimeOffset now = time.GetUtcNow(), root = authority.Root.NotAfter.ToUniversalTime();
        if (root - now < RootNotice)
            yield return $"The root of all certificates here ends on {root:yyyy-MM-dd}. Before that, make another one with "
                + $"plume certs init in another folder, and enrol everybody anew.";
        if (served?.Certificate.NotAfter.ToUniversalTime() is { } own && own - now.UtcDateTime < ServerNotice)
            yield return $"The server's certificate ends on {own:yyyy-MM-dd}. Put a newer one into its folder (plume certs "
                + $"init, for one of the own root).";
    }

    IEnumerable<string> ClientWarnings(IReadOnlyList<EnrolledEntry> entries)
    {
        var now = time.GetUtcNow();
        var theirs = entries.Where(entry => !entry.Revoked && entry.Expires - now < ClientNotice
            && now - entry.Expires <= options.RenewalGrace).ToList();
        foreach (var (role, ended) in new[] { (Roles.Admin, true), (Roles.Admin, false), (Roles.Client, true),
            (Roles.Client, false) })
        {
            var some = theirs.Where(entry => entry.Role == role && entry.Expires < now == ended).OrderBy(entry => entry.Expires)
                .ToList();
            if (some.Count > 0)
                yield return Sentence(role, ended, some);
        }
    }

    string Sentence(Roles role, bool ended, List<EnrolledEntry> some)
    {
        string names = string.Join(", ", some.Take(MostNames).Select(entry => $"{entry.Name} ({entry.Expires:yyyy-MM-dd})"));
        string more = some.Count > MostNames ? $" and {some.Count - MostNames} more" : "";
        string who = role == Roles.Admin ? "operators" : "clients";
        string how = role == Roles.Admin ? "any command to the server renews it" : "plume join renews it when it runs";
        return ended
            ? $"Certificates of {who} have ended and can be renewed for {options.RenewalGrace.TotalDays:0} days from then, "
                + $"{how}: {names}{more}."
            : $"Certificates of {who} end soon and were not renewed yet, {how}: {names}{more}.";
    }

    [LoggerMessage(EventId = 105, Level = LogLevel.Warning, Message = "{Warning}")]
    static partial void LogEnding(ILogger logger, string warning);

    [LoggerMessage(EventId = 106, Level = LogLevel.Information, Message = "{Done}")]
    static partial void LogOwn(ILogger logger, string done);
}
