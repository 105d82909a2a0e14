using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plume.Client.Identity;
using Plume.Federation.Capacities;

namespace Plume.Client;

/// <summary>Which federation to join, as whom, and what this machine gives for it.</summary>
public sealed record ClientOptions
{
    const int LongestName = 64;

    /// <summary>The server: an <c>https</c> address, or <c>http</c> on the server's own machine.</summary>
    public required Uri Server { get; init; }

    /// <summary>The federation's name.</summary>
    public required string Federation { get; init; }

    /// <summary>
    /// The client's name: 1 to 64 letters, digits, dots, dashes and underscores. With TLS the name in its certificate.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The place wanted, from 0; null takes the one that the server gives.</summary>
    public int? Number { get; init; }

    /// <summary>
    /// The largest share of each layer's channels that this machine can train, where the federation has sub-models; null for any.
    /// </summary>
    public Capacity? Capacity { get; init; }

    /// <summary>Where the client keeps what must survive a kill; made where it is missing. One client a folder.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// A file with the only root certificate, in PEM, that the server's may come from; null believes whom the machine believes.
    /// </summary>
    public string? RootFile { get; init; }

    /// <summary>
    /// The certificate that the server issued when the client enrolled; it is renewed in time. Null for a client that has
    /// another, or none.
    /// </summary>
    public ClientCertificate? Identity { get; init; }

    /// <summary>
    /// Gives a certificate from elsewhere, with its key, whenever a connection is made; null for a client that has none.
    /// </summary>
    public Func<X509Certificate2?>? Certificate { get; init; }

    /// <summary>
    /// The names of the clients that this one adds its updates up with, where that is done in secret, as they were told out of
    /// band; null for any that has a certificate of the server's root.
    /// </summary>
    public IReadOnlyCollection<string>? Known { get; init; }

    /// <summary>
    /// The least noise that a federation's clients add to a secure sum, all together, as a multiple of the norm that each is cut
    /// to: with less, or where updates are not added up in secret, this client takes no part. Null for any.
    /// </summary>
    public double? LeastNoise { get; init; }

    /// <summary>
    /// What calls go through instead of a connection of the client's own, so that thousands of clients in one process share their
    /// connections. It is not disposed; <see cref="RootFile"/>, <see cref="Identity"/> and <see cref="Certificate"/> do not
    /// change it.
    /// </summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>
    /// Whether the learner is made from the federation's ONNX graph, which is downloaded before
    /// (<see cref="FederationTerms.Graph"/>).
    /// </summary>
    public bool NeedsGraph { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Hears of everything that is not as usual.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Hears of each stage of each round.</summary>
    public IProgress<ClientProgress>? Progress { get; init; }

    /// <summary>Where the learner runs. Many clients in one process share one that bounds how many train at a time.</summary>
    public TaskScheduler Training { get; init; } = TaskScheduler.Default;

    /// <summary>Where the jitter of all waiting is drawn from.</summary>
    public Random Jitter { get; init; } = Random.Shared;

    /// <summary>
    /// The bound of the first waits after a failure; later ones are bounded by the time that the trouble has lasted.
    /// </summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The bound that waits after failures never go beyond.</summary>
    public TimeSpan LongestBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the server may hold a question for work before it answers that there is none yet.</summary>
    public TimeSpan LongestHold { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How long an answer, or the next piece of a transfer, may take before the call counts as broken.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Says what breaks a rule.</summary>
    /// <exception cref="ArgumentException">A value is not one that a client can join with.</exception>
    internal void Check()
    {
        if (!Server.IsAbsoluteUri || Server.Scheme is not ("http" or "https"))
            throw new ArgumentException(
                $"The server must be an address that begins with https:// (or http:// on its own machine), but is '{Server}'.",
                nameof(Server));
        ArgumentException.ThrowIfNullOrWhiteSpace(Federation);
        ArgumentException.ThrowIfNullOrWhiteSpace(Folder);
        if (Name is not { Length: > 0 and <= LongestName } || !char.IsAsciiLetterOrDigit(Name[0])
            || !Name.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '_'))
            throw new ArgumentException(
                $"A client's name has 1 to {LongestName} letters, digits, dots, dashes and underscores, and begins with a "
                    + $"letter or digit; '{Name}' does not.", nameof(Name));
        if (Identity is not null && Identity.Name != Name)
            throw new ArgumentException(
                $"With a certificate a client has the name in it, '{Identity.Name}', but is to be called '{Name}'.",
                nameof(Name));
        if (Number < 0)
            throw new ArgumentException($"A client's number must be 0 or more, but is {Number}.", nameof(Number));
        if (LeastNoise is { } noise && !(noise > 0 && double.IsFinite(noise)))
            throw new ArgumentException($"The least noise must be above 0 and finite, but is {noise}.", nameof(LeastNoise));
        if (FirstBackoff <= TimeSpan.Zero || LongestBackoff < FirstBackoff)
            throw new ArgumentException(
                $"The first back-off must be above zero and at most the longest, but they are {FirstBackoff} and "
                    + $"{LongestBackoff}.", nameof(FirstBackoff));
        if (Patience <= TimeSpan.Zero || LongestHold < TimeSpan.Zero)
            throw new ArgumentException(
                $"The patience must be above zero and the longest hold not below it, but they are {Patience} and {LongestHold}.",
                nameof(Patience));
    }
}
