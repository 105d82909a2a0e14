using System.Net;
using System.Net.Sockets;

namespace Plume.Server.Hosting;

/// <summary>A port of the loopback interface that nobody has at the moment.</summary>
static class FreePort
{
    public static int Take()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
