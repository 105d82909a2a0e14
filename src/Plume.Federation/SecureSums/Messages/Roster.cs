using System.Buffers.Binary;
using System.Security.Cryptography;
using Plume.Compression.Wire;
using Plume.Federation.SecureSums.Graph;

namespace Plume.Federation.SecureSums.Messages;

/// <summary>Answer to the first trip: who takes part, a hash of all their keys, and the keys of a client's neighbours.</summary>
/// <param name="Clients">All, in ascending order.</param>
/// <param name="Hash">Of all clients and keys.</param>
/// <param name="Graph">Who is whose neighbour.</param>
/// <param name="Place">The client's place among them.</param>
/// <param name="NeighbourKeys">Its neighbours' keys, in the order of their places.</param>
public sealed record Roster(IReadOnlyList<int> Clients, ReadOnlyMemory<byte> Hash, SumGraph Graph, int Place,
    IReadOnlyList<KeyAnnouncement> NeighbourKeys)
{
    /// <summary>The hash of clients and keys.</summary>
    public static byte[] HashOf(IEnumerable<(int Client, KeyAnnouncement Keys)> all)
    {
        ArgumentNullException.ThrowIfNull(all);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[sizeof(int)];
        hash.AppendData("plume roster 1"u8);
        foreach (var (client, keys) in all)
        {
            BinaryPrimitives.WriteInt32LittleEndian(number, client);
            hash.AppendData(number);
            hash.AppendData(keys.SealKey.Span);
            hash.AppendData(keys.MaskKey.Span);
        }

        return hash.GetHashAndReset();
    }

    /// <summary>The bytes that travel.</summary>
    public byte[] ToBytes()
    {
        var output = new PayloadWriter();
        output.Varint(Clients.Count);
        int before = -1;
        foreach (int client in Clients)
        {
            output.Varint(client - before - 1);
            before = client;
        }

        output.Bytes(Hash.Span);
        foreach (var keys in NeighbourKeys)
        {
            output.Bytes(keys.ToBytes());
        }

        return output.Written.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote for a client.</summary>
    /// <exception cref="InvalidPayloadException">The bytes break a rule, or the client is not among those who take
    /// part.</exception>
    public static Roster Read(ReadOnlySpan<byte> bytes, SumTerms terms, int client)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var input = new PayloadReader(bytes);
        var clients = new int[input.Varint("number of clients", terms.Minimum, terms.Invited)];
        for (int i = 0, next = 0; i < clients.Length; i++)
        {
            clients[i] = checked(next + input.Varint("client", 0, int.MaxValue - next - 1));
            next = clients[i] + 1;
        }

        byte[] hash = input.Bytes(SumTerms.HashBytes, "hash of the roster").ToArray();
        int place = Array.BinarySearch(clients, client);
        if (place < 0)
            throw InvalidPayloadException.Field("clients", 0, $"without client {client}", "must name the client that it is for");
        var graph = new SumGraph(clients.Length, terms.DropOut, hash);
        var keys = new KeyAnnouncement[graph.Degree];
        for (int i = 0; i < keys.Length; i++)
            keys[i] = KeyAnnouncement.Read(ref input, terms);
        input.End("roster");
        return new Roster(clients, hash, graph, place, keys);
    }
}
