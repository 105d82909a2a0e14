using System.Net;
using System.Net.Sockets;

namespace Plume.Server.Identity.Admission;

/// <summary>Whom an address stands for when callers are counted.</summary>
static class NetworkAddress
{
    const int NetworkBytes = 8;

    /// <summary>The address, or its network: whoever has one IPv6 address has the rest of its 64 bits.</summary>
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null || address.AddressFamily != AddressFamily.InterNetworkV6 || address.IsIPv4MappedToIPv6)
            return address?.MapToIPv4() ?? IPAddress.None;
        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return new IPAddress(bytes);
    }
}
