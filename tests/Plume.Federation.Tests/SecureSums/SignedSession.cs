using System.Collections.Concurrent;
using System.Security.Cryptography;
using Plume.Federation.SecureSums;

namespace Plume.Federation.Tests.SecureSums;

/// <summary>A session whose clients sign: up to the trip in which they are told who is in the sum.</summary>
sealed class SignedSession
{
    static readonly ConcurrentDictionary<int, ECDsa> Owners = new();

    readonly SumClient[] clients;

    public SignedSession(int count, double dropOut = 0.3, byte context = 0)
    {
        Terms = Session.TermsFor(count, dropOut: dropOut) with
        {
            Context = Enumerable.Repeat(context, SumTerms.HashBytes).ToArray(),
            SignatureBytes = PinnedIdentity.Bytes,
        };
        var known = Enumerable.Range(0, count)
            .ToDictionary(i => i, i => (ReadOnlyMemory<byte>)KeyOf(i).ExportSubjectPublicKeyInfo());
        clients = [.. Enumerable.Range(0, count).Select(i => new SumClient(Terms, i, new SeededSecrets((ulong)i), KnownKeys.Of(i),
            new PinnedIdentity(KeyOf(i), known)))];
        Server = new SumServer(Terms);
    }

    public SumTerms Terms { get; }

    public SumServer Server { get; private set; }

    public SumClient this[int client] => clients[client];

    public IEnumerable<int> All => Enumerable.Range(0, clients.Length);

    /// <summary>Until who is in the sum is fixed.</summary>
    public SignedSession Mask(params int[] lost)
    {
        foreach (int client in All)
            Server.TakeKeys(client, this[client].AnnounceKeys());
        Server.CloseKeys();
        foreach (int client in All)
            Server.TakeShares(client, this[client].Share(Server.RosterFor(client)));
        Server.CloseShares();
        foreach (int client in All.Except(lost))
            Server.TakeMasked(client, this[client].Mask(Server.SharesFor(client), Session.Words(Terms, client, 1)));
        Server.CloseMasked();
        return this;
    }

    public void Sign(params int[] signers)
    {
        foreach (int client in signers)
            Server.TakeSignature(client, this[client].SignContributors(Server.ContributorsMessage()));
    }

    public void Unmask(params int[] there)
    {
        foreach (int client in there)
            Server.TakeUnmasking(client, this[client].Unmask(Server.SignaturesFor(client)));
    }

    /// <summary>The server goes on from what it kept.</summary>
    public void Restart() => Server = SumServer.Restore(Terms, Server.Keep());

    static ECDsa KeyOf(int client) => Owners.GetOrAdd(client, _ => ECDsa.Create(ECCurve.NamedCurves.nistP256));
}
