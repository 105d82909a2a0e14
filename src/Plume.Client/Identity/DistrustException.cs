using System.Security.Authentication;

namespace Plume.Client.Identity;

/// <summary>A server showed a certificate that the client does not believe. The message says why, and what to do.</summary>
sealed class DistrustException(string message) : AuthenticationException(message);
