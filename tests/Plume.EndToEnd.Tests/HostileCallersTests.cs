using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Plume.EndToEnd.Host;

namespace Plume.EndToEnd.Tests;

/// <summary>
/// Callers that wish harm, before and while honest clients take part: those finish with the calm run's bits, and the server takes
/// no more memory for it.
/// </summary>
public class HostileCallersTests
{
    const double MostMemory = 1.5;

    static readonly ToyPlan Plan = new(Clients: 3, Rounds: 4, Participants: 2, Values: 1_000_000);
    static readonly Metadata Hostile = new() { { "plume-client", "hostile" } };

    [Fact]
    public async Task All_at_once_take_neither_memory_nor_a_bit_of_the_model()
    {
        var (checkpoint, memory) = await RunAsync();
        var attacked = await RunAsync(BeginUploadsAsync, SendUnknownFieldsAsync, ConnectAsync);
        Assert.Equal(checkpoint, attacked.Checkpoint);
        Assert.InRange(attacked.Memory, 0, (long)(MostMemory * memory));
    }

    // One caller begins them by the thousand, and ends none.
    static async Task BeginUploadsAsync(Uri server, CancellationToken stop)
    {
        using var channel = GrpcChannel.ForAddress(server);
        var upload = Bytes("Upload", MethodType.ClientStreaming);
        var open = new List<Task>();
        while (open.Count < 2_000 && !stop.IsCancellationRequested)
        {
            open.Add(channel.CreateCallInvoker()
                .AsyncClientStreamingCall(upload, null, new CallOptions(Hostile, cancellationToken: stop)).ResponseAsync);
            if (open.Count % 100 == 0)
                await Task.WhenAny(open.TakeLast(100));
        }

        await Task.WhenAll(open).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    static async Task SendUnknownFieldsAsync(Uri server, CancellationToken stop)
    {
        using var channel = GrpcChannel.ForAddress(server);
        // Field 1000, of as many bytes as a message may have.
        byte[] message = [0x0A, 3, .. "toy"u8, 0xC2, 0x3E, 0xC0, 0x84, 0x3D, .. new byte[1_000_000]];
        var ask = Bytes("NextTask", MethodType.Unary);
        for (int sent = 0; sent < 200 && !stop.IsCancellationRequested; sent += 8)
            await Task.WhenAll(Enumerable.Range(0, 8)
                .Select(_ => channel.CreateCallInvoker()
                    .AsyncUnaryCall(ask, null, new CallOptions(Hostile, cancellationToken: stop), message).ResponseAsync))
                        .ContinueWith(_ => { }, TaskScheduler.Default);
    }

    // Connections that say nothing, and come again.
    static async Task ConnectAsync(Uri server, CancellationToken stop)
    {
        var silent = new Queue<Socket>();
        for (int opened = 0; opened < 1_000 && !stop.IsCancellationRequested; opened++)
        {
            if (silent.Count == 400)
                silent.Dequeue().Dispose();
            silent.Enqueue(new Socket(SocketType.Stream, ProtocolType.Tcp));
            await silent.Last().ConnectAsync(IPAddress.Loopback, server.Port, stop).AsTask()
                .ContinueWith(_ => { }, TaskScheduler.Default);
        }

        await Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => { }, TaskScheduler.Default);
        foreach (var socket in silent)
            socket.Dispose();
    }

    // The model, and the most memory that the server had, in kilobytes.
    static async Task<(string Checkpoint, long Memory)> RunAsync(params Func<Uri, CancellationToken, Task>[] attacks)
    {
        await using var trial = new Trial(Plan);
        var server = await trial.ServeAsync();
        using var over = new CancellationTokenSource();
        var attacking = Task.WhenAll(attacks.Select(attack => Task.Run(() => attack(trial.Network.Targets[0], over.Token))));
        var clients = trial.StartAllClients();
        Assert.Equal(0, await clients.EndAsync());
        long most = MostMemoryOf(server.Id);
        await over.CancelAsync();
        await attacking;
        return ((await trial.EndAsync(server, clients)).Checkpoint, most);
    }

    static long MostMemoryOf(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status")
            .First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim(), CultureInfo.InvariantCulture);
    }

    static Method<byte[], byte[]> Bytes(string name, MethodType type)
    {
        var bytes = Marshallers.Create(static (byte[] all) => all, static all => all);
        return new Method<byte[], byte[]>(type, "plume.v1.Federation", name, bytes, bytes);
    }
}
