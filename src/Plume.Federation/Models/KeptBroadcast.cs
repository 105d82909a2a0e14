namespace Plume.Federation.Models;

/// <summary>What a run keeps of a broadcast to go on from where it stopped.</summary>
/// <param name="Oldest">The oldest published model that is kept.</param>
/// <param name="Payloads">The payloads that lead from it to the newest.</param>
/// <param name="Lengths">Bytes of each version's payload, from version 1 on.</param>
public sealed record KeptBroadcast(float[] Oldest, IReadOnlyList<byte[]> Payloads, IReadOnlyList<long> Lengths);
