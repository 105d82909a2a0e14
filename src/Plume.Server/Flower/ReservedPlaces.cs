using Plume.Server.Identity.Enrolling;

namespace Plume.Server.Flower;

/// <summary>
/// How many of a federation's places are kept from Flower's clients: as many as the options say, or as there are invited clients.
/// </summary>
sealed class ReservedPlaces(FlowerOptions options, ClientRegistry registry, EnrolmentTokens tokens, TimeProvider time)
{
    // Strangers that come again and again do not have the records read each time.
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    (long At, int Count)? counted;

    /// <exception cref="IOException">The records could not be read.</exception>
    public async Task<int> CountAsync(string federation, CancellationToken cancellation)
    {
        if (options.ReservedPlaces is { } told)
            return told;
        if (counted is { } last && time.GetElapsedTime(last.At) < Fresh)
            return last.Count;
        long now = time.GetTimestamp();
        int count = (await registry.ClientsOfAsync(federation, cancellation))
            .Union(await tokens.OpenToAsync(federation, cancellation), StringComparer.Ordinal).Count();
        counted = (now, count);
        return count;
    }
}
