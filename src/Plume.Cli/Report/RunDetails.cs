using System.Text.Json.Serialization;

namespace Plume.Cli.Report;

/// <summary>What a report says that is in no other file of a run folder: run.json.</summary>
/// <param name="Version">Of this file's form.</param>
/// <param name="Subtitle">The federation in one line.</param>
/// <param name="Tensors">Where the bits of the last round's payloads go; empty where that is not known.</param>
/// <param name="MadeWith">What it ran on.</param>
sealed record RunDetails(int Version, string Subtitle, IReadOnlyList<TensorBits> Tensors, IReadOnlyList<MadeWith> MadeWith)
{
    /// <summary>The form that this program writes.</summary>
    public const int NewestVersion = 1;
}

/// <summary>A part of what a run was made with.</summary>
/// <param name="Name">The part.</param>
/// <param name="Version">Its version.</param>
sealed record MadeWith(string Name, string Version);

/// <summary>How the details print.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunDetails))]
sealed partial class DetailsJson : JsonSerializerContext;
