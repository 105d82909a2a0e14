using Plume.Compression.Randomness;
using Plume.Federation.SecureSums;

namespace Plume.Federation.Tests.SecureSums;

/// <summary>
/// A whole session in memory, in which clients vanish where a test says. Their keys are used again, so nobody forgets them.
/// </summary>
sealed class Session
{
    readonly Dictionary<int, SumClient> clients = [];

    public Session(SumTerms terms, IEnumerable<int> numbers, ulong seed)
    {
        (Terms, Server) = (terms, new SumServer(terms));
        foreach (int number in numbers)
            clients[number] = new SumClient(terms, number, new SeededSecrets(seed * 1000 + (ulong)number), KnownKeys.Of(number));
    }

    public SumTerms Terms { get; }

    public SumServer Server { get; private set; }

    public SumClient this[int client] => clients[client];

    public IEnumerable<int> There => clients.Keys.Order();

    /// <summary>Takes clients out: they send nothing from here on.</summary>
    public void Lose(IEnumerable<int> lost)
    {
        foreach (int client in lost)
            clients.Remove(client);
    }

    public Session Keys()
    {
        foreach (int client in There)
            Server.TakeKeys(client, this[client].AnnounceKeys());
        Server.CloseKeys();
        return this;
    }

    public Session Shares()
    {
        foreach (int client in There)
            Server.TakeShares(client, this[client].Share(Server.RosterFor(client)));
        Server.CloseShares();
        return this;
    }

    public Session Masked(Func<int, uint[]> words)
    {
        foreach (int client in There)
            Server.TakeMasked(client, this[client].Mask(Server.SharesFor(client), words(client)));
        Server.CloseMasked();
        return this;
    }

    /// <summary>The server goes on from what it kept.</summary>
    public void Restart() => Server = SumServer.Restore(Terms, Server.Keep());

    public uint[] Unmask(int threads = 1)
    {
        foreach (int client in There)
            Server.TakeUnmasking(client, this[client].Unmask(Server.ContributorsMessage()));
        return Server.Finish(threads);
    }

    public static SumTerms TermsFor(int clients, int minimum = 3, double dropOut = 0.3, params WordSection[] sections) =>
        new(new byte[SumTerms.HashBytes],
            new SumShape(sections.Length > 0 ? sections : [new WordSection(9, 11), new WordSection(2, 32)]), clients, minimum,
            dropOut);

    public static uint[] Words(SumTerms terms, int client, ulong seed)
    {
        var draws = new RandomDraws(RandomKey.FromSeed(seed).Fold((ulong)client));
        uint[] words = [.. Enumerable.Range(0, terms.Shape.Words).Select(_ => (uint)draws.NextBits())];
        terms.Shape.Reduce(words);
        return words;
    }

    public static uint[] PlainSum(SumTerms terms, IEnumerable<int> clients, ulong seed)
    {
        var sum = new uint[terms.Shape.Words];
        foreach (int client in clients)
        {
            uint[] words = Words(terms, client, seed);
            for (int i = 0; i < sum.Length; i++)
                sum[i] += words[i];
        }

        terms.Shape.Reduce(sum);
        return sum;
    }
}
