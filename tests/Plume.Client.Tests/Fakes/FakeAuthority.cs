using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.Fakes;

/// <summary>Issues certificates to whoever asks.</summary>
sealed class FakeAuthority : Enrolment.EnrolmentBase
{
    static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    readonly X509Certificate2 root;

    public FakeAuthority(int serverAge = 0)
    {
        Age = serverAge;
        var request = new CertificateRequest("CN=root", ECDsa.Create(ECCurve.NamedCurves.nistP256), HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        root = request.CreateSelfSigned(Now.AddDays(-100), Now.AddDays(100));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        server.CertificateExtensions.Add(names.Build());
        using var bare = Issue(server);
        using var whole = bare.CopyWithPrivateKey(key);
        Server = X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
        Age = 0;
    }

    public X509Certificate2 Server { get; }

    public string RootPem => root.ExportCertificatePem();

    /// <summary>Days that the certificates of clients have been good already; their life is 60.</summary>
    public int Age { get; set; }

    /// <summary>How many renewals fail.</summary>
    public int Failures { get; set; }

    public override Task<EnrolReply> Enrol(EnrolRequest request, ServerCallContext context) =>
        Task.FromResult(Reply(request.CertificateRequest));

    public override Task<EnrolReply> Renew(RenewRequest request, ServerCallContext context) =>
        Failures-- > 0 ? throw new RpcException(new Status(StatusCode.Unavailable, "not now"))
            : Task.FromResult(Reply(request.CertificateRequest));

    EnrolReply Reply(ByteString request)
    {
        using var issued = Issue(CertificateRequest.LoadSigningRequest(request.ToByteArray(), HashAlgorithmName.SHA256));
        return new EnrolReply { Certificate = ByteString.CopyFrom(issued.RawData) };
    }

    X509Certificate2 Issue(CertificateRequest request) =>
        request.Create(root, Now.AddDays(-Age - 1), Now.AddDays(60 - Age), RandomNumberGenerator.GetBytes(8));
}
