using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Plume.Protocol;
using Plume.Protocol.V1;

namespace Plume.Client.Identity;

/// <summary>
/// What a client proves its name with: a certificate that a server issued, and a key that never left the client.
/// </summary>
public sealed class ClientCertificate
{
    const string CommonName = "2.5.4.3";

    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    readonly ClientKeys keys;
    volatile X509Certificate2 certificate;
    int renewing;

    ClientCertificate(ClientKeys keys, X509Certificate2 certificate)
    {
        this.keys = keys;
        this.certificate = certificate;
        Name = NameIn(certificate);
    }

    /// <summary>The client's name.</summary>
    public string Name { get; }

    /// <summary>The newest certificate, with its key.</summary>
    public X509Certificate2 Certificate => certificate;

    /// <summary>The moment at which two thirds of the certificate's life are over.</summary>
    public DateTimeOffset RenewalDue
    {
        get
        {
            var current = certificate;
            DateTimeOffset begin = current.NotBefore.ToUniversalTime();
            return begin + ((current.NotAfter.ToUniversalTime() - begin) * 2 / 3);
        }
    }

    /// <summary>Reads what a client kept.</summary>
    /// <param name="folder">The client's folder.</param>
    /// <returns>Null where the client has not enrolled.</returns>
    /// <exception cref="InvalidDataException">The files are damaged or do not belong together.</exception>
    public static ClientCertificate? Load(string folder)
    {
        var keys = new ClientKeys(folder);
        return keys.Load() is { } certificate ? new ClientCertificate(keys, certificate) : null;
    }

    /// <summary>
    /// Makes a key, trades an invitation for a certificate, and keeps both in <c>client.pem</c> and <c>client.key</c>. After an
    /// error it can be called again with the same invitation.
    /// </summary>
    /// <param name="server">Begins with https.</param>
    /// <param name="trust">Which servers to believe; only such a one is told the token.</param>
    /// <param name="folder">The client's folder; made where it is missing.</param>
    /// <param name="name">The name that was invited.</param>
    /// <param name="token">The invitation.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="ArgumentException">The server's address is not https.</exception>
    /// <exception cref="RpcException">The server was not reached, is not believed, or refused; its detail says why.</exception>
    /// <exception cref="InvalidDataException">The folder has a certificate of another name, or the server answered with one for
    /// another name or key.</exception>
    /// <exception cref="IOException">The folder could not be written.</exception>
    public static async Task<ClientCertificate> EnrolAsync(
        Uri server, ServerTrust trust, string folder, string name, string token, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(trust);
        if (server.Scheme != Uri.UriSchemeHttps)
            throw new ArgumentException(
                $"A client enrols over TLS only, since the invitation is a secret; {server} is not an https address.",
                nameof(server));
        if (Load(folder) is { } other && other.Name != name)
            throw new InvalidDataException(
                $"The folder '{folder}' has the certificate of '{other.Name}', which enrolling '{name}' there would replace. "
                    + $"Choose another folder.");
        var keys = new ClientKeys(folder);
        using var key = keys.NextKey();
        using var handler = trust.CreateHandler(certificate: null);
        using var channel = GrpcChannel.ForAddress(server, new GrpcChannelOptions { HttpHandler = handler });
        var request = new EnrolRequest { Token = token, CertificateRequest = ByteString.CopyFrom(RequestFor(name, key)) };
        var reply = await new Enrolment.EnrolmentClient(KnownFields.Of(channel.CreateCallInvoker()))
            .EnrolAsync(request, cancellationToken: cancellation);
        return new ClientCertificate(keys, Accept(keys, reply, name, key));
    }

    /// <summary>
    /// Trades the certificate for a newer one with a new key if <see cref="RenewalDue"/> is past; the next connection shows it.
    /// </summary>
    /// <param name="server">A channel that shows this certificate.</param>
    /// <param name="time">The client's clock.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Whether there is a newer certificate; false also while another call is getting one.</returns>
    /// <exception cref="RpcException">The server was not reached or refused; the certificate at hand stays.</exception>
    /// <exception cref="InvalidDataException">The server answered with a certificate for another name or key.</exception>
    /// <exception cref="IOException">The folder could not be written.</exception>
    public async Task<bool> RenewIfDueAsync(CallInvoker server, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(time);
        if (time.GetUtcNow() < RenewalDue || Interlocked.Exchange(ref renewing, 1) == 1)
            return false;
        try
        {
            using var key = keys.NextKey();
            var request = new RenewRequest { CertificateRequest = ByteString.CopyFrom(RequestFor(Name, key)) };
            var reply = await new Enrolment.EnrolmentClient(server).RenewAsync(request, cancellationToken: cancellation);
            certificate = Accept(keys, reply, Name, key);
            return true;
        }
        finally
        {
            Volatile.Write(ref renewing, 0);
        }
    }

    /// <summary>
    /// The same over a connection of its own, so that no other one goes on showing the certificate that was replaced.
    /// </summary>
    /// <param name="server">Begins with https.</param>
    /// <param name="trust">Which servers to believe.</param>
    /// <param name="time">The client's clock.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Whether there is a newer certificate.</returns>
    /// <exception cref="RpcException">The server was not reached or refused; the certificate at hand stays.</exception>
    /// <exception cref="InvalidDataException">The server answered with a certificate for another name or key.</exception>
    /// <exception cref="IOException">The folder could not be written.</exception>
    public async Task<bool> RenewIfDueAsync(Uri server, ServerTrust trust, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(trust);
        ArgumentNullException.ThrowIfNull(time);
        if (time.GetUtcNow() < RenewalDue)
            return false;
        using var handler = trust.CreateHandler(this);
        handler.ConnectTimeout = ConnectTimeout;
        // A channel that sees the handler itself waits between connections in its own way and fails calls meanwhile.
        using var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var channel = GrpcChannel.ForAddress(server, new GrpcChannelOptions { HttpClient = http });
        return await RenewIfDueAsync(KnownFields.Of(channel.CreateCallInvoker()), time, cancellation);
    }

    /// <summary>Whether the certificate has ended.</summary>
    public bool HasExpired(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return time.GetUtcNow() > certificate.NotAfter.ToUniversalTime();
    }

    static byte[] RequestFor(string name, ECDsa key)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        return new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256).CreateSigningRequest();
    }

    static X509Certificate2 Accept(ClientKeys keys, EnrolReply reply, string name, ECDsa key)
    {
        X509Certificate2 issued;
        try
        {
            issued = X509CertificateLoader.LoadCertificate(reply.Certificate.Span);
        }
        catch (CryptographicException error)
        {
            throw new InvalidDataException("The server answered with something that is not a certificate. Is it a Plume server?",
                error);
        }

        using (issued)
        {
            if (NameIn(issued) != name
                || !issued.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
                throw new InvalidDataException(
                    $"The server answered with a certificate that is not for {name} and its key. Is it a Plume server?");
            return keys.Accept(issued);
        }
    }

    internal static string NameIn(X509Certificate2 certificate) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)
            .Select(part => part.GetSingleElementValue())
            .FirstOrDefault() ?? "";
}
