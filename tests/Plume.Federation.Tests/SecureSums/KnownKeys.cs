using System.Collections.Concurrent;
using Plume.Federation.SecureSums;
using Plume.Federation.SecureSums.Messages;

namespace Plume.Federation.Tests.SecureSums;

/// <summary>Keys that many sessions use, so that a thousand schedules agree on secrets once.</summary>
sealed class KnownKeys(int client) : SessionKeys(new SeededSecrets((ulong)client))
{
    static readonly ConcurrentDictionary<int, KnownKeys> All = new();

    readonly ConcurrentDictionary<string, (byte[], byte[])> agreed = new();

    public static KnownKeys Of(int client) => All.GetOrAdd(client, number => new KnownKeys(number));

    public override (byte[] Seal, byte[] Mask) Agree(KeyAnnouncement other) =>
        agreed.GetOrAdd(Convert.ToHexString(other.SealKey.Span), _ => base.Agree(other));
}
