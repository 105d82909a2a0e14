using Plume.Federation.Models;

namespace Plume.Server.Federations.Blobs;

/// <summary>One payload of a download, and the blob that has it.</summary>
/// <param name="Kind">How it is read.</param>
/// <param name="From">The version it is applied to.</param>
/// <param name="To">The version it makes.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Blob">The blob's name.</param>
[GenerateSerializer, Immutable]
public sealed record DownloadPart(SegmentKind Kind, int From, int To, long Length, string Blob);
