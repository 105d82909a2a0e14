using Plume.Cli.Network.Serving;
using Plume.Server.Identity.Certificates;

namespace Plume.Cli.Tests.Network;

public class ServedAddressTests
{
    [Theory]
    [InlineData("https://0.0.0.0:7443", "https://server.example:7443", "127.0.0.1", "server.example", "localhost")]
    [InlineData("https://[::]:7443", "https://10.0.0.1:7443", "10.0.0.1")]
    [InlineData("https://10.0.0.2:7443", "https://10.0.0.2:7443", "server.example")]
    public void An_address_that_means_all_of_a_machine_is_told_by_a_name_that_clients_can_call(string listening, string told,
        params string[] hosts)
    {
        using var authority = CertificateAuthority.Create(TimeProvider.System);
        using var certificate = authority.IssueServer(hosts);
        Assert.Equal(told, ServedAddress.For(listening, certificate));
        Assert.Equal(listening, ServedAddress.For(listening, certificate: null));
    }
}
