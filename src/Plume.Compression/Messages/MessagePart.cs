using Plume.Compression.Codecs;
using Plume.Compression.Weights;

namespace Plume.Compression.Messages;

/// <summary>A named part of what travels.</summary>
/// <param name="Name">What it is: <c>update</c>, <c>control</c>.</param>
/// <param name="Layout">Its tensors.</param>
/// <param name="Codec">How it becomes bytes.</param>
public sealed record MessagePart(string Name, ModelLayout Layout, Codec Codec);
