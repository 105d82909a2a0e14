using System.Text.Json.Serialization;

namespace Plume.Server.Identity.Enrolling;

/// <summary>How invitations and enrolled clients are written into records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Invitation))]
[JsonSerializable(typeof(EnrolledEntry))]
sealed partial class IdentityJson : JsonSerializerContext;
