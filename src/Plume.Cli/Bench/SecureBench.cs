using System.Security.Cryptography;
using Plume.Compression.Randomness;
using Plume.Federation.SecureSums;

namespace Plume.Cli.Bench;

/// <summary>
/// Measures one secure sum by the whole protocol: bytes and processor time of each end, and the server's memory.
/// </summary>
/// <param name="clients">Clients.</param>
/// <param name="values">Words of each.</param>
/// <param name="bits">Bits of a level.</param>
/// <param name="dropOut">Share of the clients that vanish after they have shared, before their words.</param>
/// <param name="threads">Threads that each end computes on.</param>
/// <param name="isSigned">Whether clients sign, as with TLS: keys, and who is in the sum.</param>
sealed class SecureBench(int clients, int values, int bits, double dropOut, int threads, bool isSigned) : IDisposable
{
    readonly RandomNumberGenerator secrets = RandomNumberGenerator.Create();
    readonly ProcessorTime ofClients = new();
    readonly ProcessorTime ofServer = new();
    readonly ProcessorTime ofUnmasking = new();
    readonly int ringBits = (int)Math.Ceiling(Math.Log2(2.0 * clients * ((1 << (bits - 1)) - 1) + 1));
    readonly long[] sent = new long[clients];
    readonly long[] told = new long[clients];

    /// <summary>Runs it.</summary>
    /// <exception cref="SumLostException">Too many vanish.</exception>
    public SecureFigures Run()
    {
        var terms = new SumTerms(RandomNumberGenerator.GetBytes(SumTerms.HashBytes),
            new SumShape(new WordSection(values, ringBits)), clients, SumTerms.LeastMinimum, Math.Max(dropOut, 0.05))
        {
            SignatureBytes = isSigned ? PinnedIdentity.Bytes : 0,
        };
        var identities = IdentitiesOf(isSigned ? clients : 0);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var server = Served(() => new SumServer(terms));
        var there = Enumerable.Range(0, clients)
            .Select(client => new SumClient(terms, client, secrets, identities?[client])).ToList();
        long ofKeys = GC.GetTotalMemory(forceFullCollection: true);
        Trip(there, static (client, _) => client.AnnounceKeys(), _ => [], server.TakeKeys);
        Serve(server.CloseKeys);
        Trip(there, static (client, answer) => client.Share(answer), server.RosterFor, server.TakeShares);
        Serve(server.CloseShares);
        there.RemoveRange(0, (int)(dropOut * clients));
        var expected = new uint[values];
        Trip(there, (client, answer) => client.Mask(answer, WordsOf(client.Client, expected), threads), server.SharesFor,
            server.TakeMasked);
        Serve(server.CloseMasked);
        byte[] contributors = server.ContributorsMessage();
        if (isSigned)
            Trip(there, static (client, answer) => client.SignContributors(answer), _ => contributors, server.TakeSignature);
        Trip(there, static (client, answer) => client.Unmask(answer), isSigned ? server.SignaturesFor : _ => contributors,
            server.TakeUnmasking);
        there.ForEach(client => client.Dispose());
        there.Clear();
        long memory = GC.GetTotalMemory(forceFullCollection: true) - before;
        ofUnmasking.Start();
        uint[] sum = server.Finish(threads);
        ofUnmasking.Stop();
        terms.Shape.Reduce(expected);
        if (!sum.AsSpan().SequenceEqual(expected))
            throw new InvalidOperationException("The sum is not that of the words.");
        var counted = server.Contributing;
        return new SecureFigures(clients, values, ringBits, counted.Count, terms.Shape.Bytes,
            (long)counted.Average(client => sent[client]), (long)counted.Average(client => told[client]),
            ofClients.Seconds / counted.Count, ofServer.Seconds + ofUnmasking.Seconds, ofUnmasking.Seconds,
            Math.Max(memory, ofKeys - before));
    }

    public void Dispose() => secrets.Dispose();

    void Trip(List<SumClient> there, Func<SumClient, byte[], byte[]> make, Func<int, byte[]> answer, TakesMessage take)
    {
        foreach (var client in there)
        {
            byte[] heard = Served(() => answer(client.Client));
            ofClients.Start();
            byte[] said = make(client, heard);
            ofClients.Stop();
            Serve(() => take(client.Client, said));
            sent[client.Client] += said.Length;
            told[client.Client] += heard.Length;
        }
    }

    delegate void TakesMessage(int client, ReadOnlySpan<byte> bytes);

    // Whose keys are whose is known before.
    static PinnedIdentity[]? IdentitiesOf(int clients)
    {
        ECDsa[] owners = [.. Enumerable.Range(0, clients).Select(_ => ECDsa.Create(ECCurve.NamedCurves.nistP256))];
        var known = owners.Index().ToDictionary(owner => owner.Index,
            owner => (ReadOnlyMemory<byte>)owner.Item.ExportSubjectPublicKeyInfo());
        return clients == 0 ? null : [.. owners.Select(owner => new PinnedIdentity(owner, known))];
    }

    // Making words is nobody's work.
    uint[] WordsOf(int client, uint[] expected)
    {
        ofClients.Stop();
        var key = RandomKey.FromSeed((ulong)client);
        var words = new uint[values];
        for (int i = 0; i < values; i++)
        {
            words[i] = (uint)(key.Bits((ulong)i) >> (65 - bits)) & (uint.MaxValue >> (32 - ringBits));
            expected[i] += words[i];
        }

        ofClients.Start();
        return words;
    }

    void Serve(Action work)
    {
        ofServer.Start();
        work();
        ofServer.Stop();
    }

    T Served<T>(Func<T> work)
    {
        ofServer.Start();
        var result = work();
        ofServer.Stop();
        return result;
    }
}

/// <summary>
/// Processor time of this process, all its threads together, while it is started: what else a machine does is not in it.
/// </summary>
sealed class ProcessorTime
{
    TimeSpan total;
    TimeSpan begun;

    public double Seconds => total.TotalSeconds;

    public void Start() => begun = Environment.CpuUsage.TotalTime;

    public void Stop() => total += Environment.CpuUsage.TotalTime - begun;
}
