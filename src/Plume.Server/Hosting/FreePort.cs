using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Plume.Server.Hosting;

/// <summary>
/// A port of the loopback interface that nobody has at the moment, and that nobody is given by chance before it is used: it is
/// below those that the system gives to whoever asks for any, and no two calls in a process get the same.
/// </summary>
static class FreePort
{
    const int First = 15_000, AfterLast = 32_000, Tries = 1_000;

    static readonly ConcurrentDictionary<int, bool> Taken = [];

    /// <exception cref="IOException">There is none.</exception>
    public static int Take()
    {
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            int port = RandomNumberGenerator.GetInt32(First, AfterLast);
            if (Taken.TryAdd(port, true) && IsFree(port))
                return port;
        }

        throw new IOException($"None of {Tries} ports of {IPAddress.Loopback} from {First} to {AfterLast - 1} that were tried "
            + $"is free.");
    }

    static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
