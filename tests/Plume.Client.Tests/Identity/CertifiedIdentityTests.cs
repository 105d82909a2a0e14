using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Plume.Client.Identity;
using Plume.Client.Tests.Fakes;
using Plume.Protocol.V1;

namespace Plume.Client.Tests.Identity;

/// <summary>Whose keys a client believes.</summary>
public class CertifiedIdentityTests
{
    static readonly byte[] Statement = [1, 2, 3];

    readonly FakeAuthority authority = new();
    readonly X509Certificate2 root;

    public CertifiedIdentityTests() => root = X509Certificate2.CreateFromPem(authority.RootPem);

    [Fact]
    public void Keys_are_believed_that_another_client_of_the_root_has_signed()
    {
        var other = Issue("two");
        using var one = Of(Issue("one"), other);
        using var two = new CertifiedIdentity(other, root, null, TimeProvider.System);
        byte[] signature = two.Sign(Statement);
        Assert.Equal(one.SignatureBytes, signature.Length);
        Assert.True(one.Verifies(2, Statement, signature));
        Assert.False(one.Verifies(2, [1, 2, 4], signature));
        Assert.False(one.Verifies(3, Statement, signature));
    }

    [Fact]
    public void Keys_of_another_root_or_of_a_name_that_is_there_twice_or_not_known_are_not()
    {
        var (own, two) = (Issue("one"), Issue("two"));
        byte[] signature = new CertifiedIdentity(two, root, null, TimeProvider.System).Sign(Statement);
        using var elsewhere = Of(own, Issue("two", new FakeAuthority()));
        Assert.False(elsewhere.Verifies(2, Statement, signature));
        using var twice = Of(own, two);
        twice.Hear([(3, Issue("two").RawData)]);
        Assert.False(twice.Verifies(2, Statement, signature));
        using var mirrored = Of(two, two);
        Assert.False(mirrored.Verifies(2, Statement, signature));
        using var among = Of(own, two, ["two", "three"]);
        Assert.True(among.Verifies(2, Statement, signature));
        using var stranger = Of(own, two, ["three"]);
        Assert.False(stranger.Verifies(2, Statement, signature));
    }

    CertifiedIdentity Of(X509Certificate2 own, X509Certificate2 second, IReadOnlyCollection<string>? known = null)
    {
        var identity = new CertifiedIdentity(own, root, known, TimeProvider.System);
        identity.Hear([(2, second.RawData)]);
        return identity;
    }

    X509Certificate2 Issue(string name, FakeAuthority? other = null)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        var asked = new EnrolRequest { CertificateRequest = ByteString.CopyFrom(request) };
        var reply = (other ?? authority).Enrol(asked, null!).Result;
        return X509CertificateLoader.LoadCertificate(reply.Certificate.Span).CopyWithPrivateKey(key);
    }
}
