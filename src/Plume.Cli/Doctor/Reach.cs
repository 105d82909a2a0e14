using System.Net;
using Plume.Client.Calls;
using Plume.Client.Identity;
using Plume.Pages.Charts;

namespace Plume.Cli.Doctor;

/// <summary>Whether a server can be reached and believed from here, and whether its clock and this one agree.</summary>
static class Reach
{
    /// <summary>Certificates are good from five minutes before they were made.</summary>
    static readonly TimeSpan MostApart = TimeSpan.FromMinutes(5);

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static async Task<IReadOnlyList<Finding>> LookAsync(Uri server, ServerTrust trust, TimeProvider time,
        CancellationToken stop)
    {
        using var http = new HttpClient(trust.CreateHandler(certificate: null)) { Timeout = Patience };
        // Any answer will do: each has the server's time.
        using var question = new HttpRequestMessage(HttpMethod.Get, new Uri(server, "/health/live"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        try
        {
            using var answer = await http.SendAsync(question, HttpCompletionOption.ResponseHeadersRead, stop);
            var reached = Finding.Good("server", $"{server.Authority} answers"
                + (server.Scheme == Uri.UriSchemeHttps ? ", and its certificate is believed" : ", without TLS"));
            return answer.Headers.Date is { } there ? [reached, Clocks(there, time.GetUtcNow())] : [reached];
        }
        catch (Exception failure) when (failure is HttpRequestException
            || failure is TaskCanceledException && !stop.IsCancellationRequested)
        {
            return [Finding.Wrong("server", ConnectionTrouble.Explain(failure, server)
                ?? $"{server.Authority} does not answer within {Quantity.Seconds(Patience.TotalSeconds)}.",
                "plume join and what operates a server do not work until it does.")];
        }
    }

    static Finding Clocks(DateTimeOffset there, DateTimeOffset here)
    {
        var apart = (there - here).Duration();
        return apart <= MostApart ? Finding.Good("clocks", "the server's and this one agree")
            : Finding.Wrong("clocks", $"the server's says {there:yyyy-MM-dd HH:mm} UTC, this one {here:yyyy-MM-dd HH:mm}",
                "Set the one that is wrong: certificates go by them.");
    }
}
