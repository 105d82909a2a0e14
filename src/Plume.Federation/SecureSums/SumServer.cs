using Plume.Compression.Wire;
using Plume.Federation.SecureSums.Graph;
using Plume.Federation.SecureSums.Messages;

namespace Plume.Federation.SecureSums;

/// <summary>
/// The server's half of one attempt at a secure sum. It holds public keys, what clients sealed for one another, and the running
/// sum of masked words: nothing that a client sends can be read by it, until the last trip takes the masks off the sum of those
/// who are in it.
/// </summary>
/// <remarks>
/// Phases: keys, shares, masked, consistency where keys are signed, unmasking. Each is closed once; what comes for a phase that
/// is closed, or twice, is refused and changes nothing. Memory: four bytes a word, whatever the number of clients, and 56 for
/// each pair of neighbours until their shares are delivered. Signatures are handed on as they are: who runs the server holds them
/// against clients' certificates.
/// </remarks>
public sealed class SumServer
{
    readonly SumTerms terms;
    readonly SortedDictionary<int, KeyAnnouncement> keys = [];
    readonly HashSet<string> seen = [];
    readonly uint[] sum;
    int[] clients = [];
    byte[] hash = [];
    SumGraph? graph;
    byte[][]?[] pairs = [];
    bool[] members = [];
    byte[][]?[] answers = [];
    byte[]?[] signatures = [];

    // How many shares of each client's secret there are.
    int[] given = [];

    /// <summary>A session without clients yet.</summary>
    /// <exception cref="ArgumentException">The terms break rules; the message has all of them.</exception>
    public SumServer(SumTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        string problems = string.Join(" ", terms.Problems());
        if (problems.Length > 0)
            throw new ArgumentException(problems, nameof(terms));
        this.terms = terms;
        sum = new uint[terms.Sent.Words];
    }

    /// <summary>What it waits for.</summary>
    public SumPhase Phase { get; private set; }

    /// <summary>The clients whose words are in the sum, in ascending order; known once masked words are closed.</summary>
    public IReadOnlyList<int> Contributing => [.. clients.Where((_, place) => members.Length > 0 && members[place])];

    /// <summary>Clients that have done the phase at hand.</summary>
    public int Answered => Phase switch
    {
        SumPhase.Keys => keys.Count,
        SumPhase.Shares => pairs.Count(each => each is not null),
        SumPhase.Masked => members.Count(member => member),
        SumPhase.Consistency => signatures.Count(each => each is not null),
        _ => answers.Count(answer => answer is not null),
    };

    /// <summary>
    /// First trip. A client that lost its secrets may come again with others, which take the place of those before.
    /// </summary>
    /// <exception cref="InvalidPayloadException">The keys break a rule, or come too late.</exception>
    public void TakeKeys(int client, ReadOnlySpan<byte> bytes)
    {
        Expect(SumPhase.Keys, client, isThere: false);
        if (keys.Count == terms.Invited && !keys.ContainsKey(client))
            throw Wrong(client, "is one more than were asked");
        var read = KeyAnnouncement.Read(bytes, terms);
        string[] own = NamesOf(read);
        if (own[0] == own[1] || seen.Contains(own[0]) || seen.Contains(own[1]))
            throw Wrong(client, "has a key that is there already");
        if (keys.TryGetValue(client, out var before))
            seen.ExceptWith(NamesOf(before));
        seen.UnionWith(own);
        keys[client] = read;
    }

    static string[] NamesOf(KeyAnnouncement keys) =>
        [Convert.ToHexString(keys.SealKey.Span), Convert.ToHexString(keys.MaskKey.Span)];

    /// <summary>Ends the first phase: who sent keys is the roster.</summary>
    /// <exception cref="SumLostException">There are too few.</exception>
    public void CloseKeys()
    {
        Close(SumPhase.Keys, keys.Count, terms.Minimum, "sent keys");
        Seat();
    }

    void Seat()
    {
        clients = [.. keys.Keys];
        hash = Roster.HashOf(keys.Select(entry => (entry.Key, entry.Value)));
        graph = new SumGraph(clients.Length, terms.DropOut, hash);
        (pairs, members, answers) = (new byte[clients.Length][][], new bool[clients.Length], new byte[clients.Length][][]);
        (given, signatures) = (new int[clients.Length], new byte[clients.Length][]);
    }

    /// <summary>What a client of the roster is told: a <see cref="Roster"/>.</summary>
    public byte[] RosterFor(int client)
    {
        int place = PlaceOf(client);
        return new Roster(clients, hash, graph!, place, [.. graph!.NeighboursOf(place).Select(other => keys[clients[other]])])
            .ToBytes();
    }

    /// <summary>The clients whose keys a client of the roster is told.</summary>
    public IEnumerable<int> NeighboursOf(int client) => graph!.NeighboursOf(PlaceOf(client)).Select(place => clients[place]);

    /// <summary>Second trip.</summary>
    /// <exception cref="InvalidPayloadException">The shares break a rule, come twice or too late, or the client is not in the
    /// roster.</exception>
    public void TakeShares(int client, ReadOnlySpan<byte> bytes)
    {
        int place = PlaceOf(client);
        Expect(SumPhase.Shares, client, pairs[place] is not null);
        pairs[place] = SealedShares.Read(bytes, graph!.Degree);
    }

    /// <summary>Ends the second phase: who shared may be in the sum.</summary>
    /// <exception cref="SumLostException">There are too few.</exception>
    public void CloseShares() =>
        Close(SumPhase.Shares, Answered, Math.Max(terms.Minimum, graph!.Threshold), "shared their secrets");

    /// <summary>What a client that shared is told: <see cref="DeliveredShares"/>.</summary>
    public byte[] SharesFor(int client)
    {
        int place = PlaceOf(client);
        return new DeliveredShares(
            [.. graph!.NeighboursOf(place).Select(other => pairs[other]?[Array.IndexOf(graph.NeighboursOf(other), place)])])
                .ToBytes();
    }

    /// <summary>Third trip: adds a client's masked words to the sum, and keeps them nowhere else.</summary>
    /// <exception cref="InvalidPayloadException">They break a rule, come twice or too late, or the client shared
    /// nothing.</exception>
    public void TakeMasked(int client, ReadOnlySpan<byte> bytes)
    {
        int place = PlaceOf(client);
        Expect(SumPhase.Masked, client, members[place]);
        if (pairs[place] is null)
            throw Wrong(client, "shared nothing, so nobody could unmask it");
        if (bytes.Length != terms.Sent.Bytes)
            throw InvalidPayloadException.Field("masked words", 0, $"{bytes.Length} bytes", $"must be {terms.Sent.Bytes}");
        var input = new PayloadReader(bytes);
        terms.Sent.AddPacked(ref input, sum);
        members[place] = true;
    }

    /// <summary>
    /// Ends the third phase: who is in the sum is fixed, and must be durable before anybody is asked to unmask.
    /// </summary>
    /// <exception cref="SumLostException">There are too few.</exception>
    public void CloseMasked()
    {
        int need = Math.Max(terms.Minimum, graph!.Threshold);
        Close(SumPhase.Masked, Answered, IsSigned ? Math.Max(need, graph.Signers) : need, "sent their words");
        Phase = IsSigned ? SumPhase.Consistency : SumPhase.Unmasking;
    }

    /// <summary>What those who are in the sum are told: <see cref="Contributors"/>.</summary>
    public byte[] ContributorsMessage() => new Contributors(members).ToBytes();

    /// <summary>
    /// Trip of consistency: a client's signature of who it was told is in the sum. Once enough have signed, all that are in the
    /// sum may unmask it; who signs later may, too.
    /// </summary>
    /// <exception cref="InvalidPayloadException">It is no signature, comes twice or too early, or the client is not in the
    /// sum.</exception>
    public void TakeSignature(int client, ReadOnlySpan<byte> bytes)
    {
        int place = PlaceOf(client);
        Expect(IsFixed && IsSigned ? Phase : SumPhase.Consistency, client, signatures[place] is not null);
        if (!members[place])
            throw Wrong(client, "is not in the sum");
        if (bytes.Length != terms.SignatureBytes)
            throw InvalidPayloadException.Field("signature", 0, $"{bytes.Length} bytes", $"must be {terms.SignatureBytes}");
        Sign(place, bytes);
    }

    void Sign(int place, ReadOnlySpan<byte> signature)
    {
        signatures[place] ??= signature.ToArray();
        if (Phase == SumPhase.Consistency && Answered >= graph!.Signers)
            Phase = SumPhase.Unmasking;
    }

    /// <summary>What a client that is in the sum signs.</summary>
    public byte[] StatementOf(int client) =>
        Contributors.Statement(terms.Session(hash, graph!.Threshold), client, ContributorsMessage());

    /// <summary>The clients whose signatures a client is told: as few as it wants, and neighbours first, whom it knows.</summary>
    public IReadOnlyList<int> SignersFor(int client)
    {
        int place = PlaceOf(client);
        var neighbours = graph!.NeighboursOf(place);
        return [.. neighbours.Concat(Enumerable.Range(0, clients.Length).Except(neighbours))
            .Where(other => other != place && signatures[other] is not null).Take(graph.Signers - 1).Order()
            .Select(other => clients[other])];
    }

    /// <summary>What a client that signed is told: <see cref="SignedContributors"/>.</summary>
    public byte[] SignaturesFor(int client) => new SignedContributors([.. SignersFor(client).Select(PlaceOf)
        .Select(place => (place, (ReadOnlyMemory<byte>)signatures[place]!))]).ToBytes(clients.Length);

    /// <summary>
    /// Last trip. After <see cref="Restore"/> it takes the place of the trip of consistency for clients that had made it.
    /// </summary>
    /// <exception cref="InvalidPayloadException">The shares break a rule, come twice or too late, or the client is not in the
    /// sum.</exception>
    public void TakeUnmasking(int client, ReadOnlySpan<byte> bytes)
    {
        int place = PlaceOf(client);
        Expect(IsFixed ? Phase : SumPhase.Unmasking, client, answers[place] is not null);
        if (!members[place])
            throw Wrong(client, "is not in the sum");
        int[] held = HeldBy(place);
        var input = new PayloadReader(bytes);
        var signature = input.Bytes(terms.SignatureBytes, "signature");
        answers[place] = UnmaskingShares.Read(bytes[signature.Length..], held.Length);
        if (IsSigned)
            Sign(place, signature);
        foreach (int other in held)
            given[other]++;
    }

    /// <summary>Whether there are shares enough to take all masks off.</summary>
    public bool HasEnough => IsFixed
        && clients.Index().All(client => pairs[client.Index] is null || given[client.Index] >= graph!.Threshold);

    bool IsSigned => terms.SignatureBytes > 0;

    bool IsFixed => Phase is SumPhase.Consistency or SumPhase.Unmasking;

    /// <summary>
    /// All that it takes to go on to unmask: who takes part, their public keys, who shared, who is in the sum, and the sum of
    /// masked words. None of it is a client's secret, and no client's words are in it by themselves.
    /// </summary>
    /// <exception cref="InvalidOperationException">Who is in the sum is not fixed, or it is unmasked.</exception>
    public byte[] Keep()
    {
        if (!IsFixed)
            throw new InvalidOperationException($"A session is kept once who is in the sum is fixed, but waits for {Phase}.");
        var output = new PayloadWriter();
        output.Varint(clients.Length);
        foreach (var (client, announced) in keys)
        {
            output.Varint(client);
            output.Bytes(announced.ToBytes());
        }

        ClientSet.Write([.. pairs.Select(each => each is not null)], output);
        ClientSet.Write(members, output);
        terms.Sent.Reduce(sum);
        terms.Sent.Pack(sum, output);
        return output.Written.ToArray();
    }

    /// <summary>Goes on from what <see cref="Keep"/> wrote: who is in the sum is fixed, and nobody has signed or unmasked it
    /// yet.</summary>
    /// <param name="terms">The session's.</param>
    /// <param name="kept">The bytes.</param>
    /// <exception cref="InvalidPayloadException">They are not a session of these terms.</exception>
    public static SumServer Restore(SumTerms terms, ReadOnlySpan<byte> kept)
    {
        var server = new SumServer(terms);
        var input = new PayloadReader(kept);
        int count = input.Varint("number of clients", terms.Minimum, terms.Invited);
        for (int i = 0; i < count; i++)
            server.keys[input.Varint("client", 0, int.MaxValue)] = KeyAnnouncement.Read(ref input, terms);
        if (server.keys.Count < count)
            throw new InvalidPayloadException("A client is in the kept session twice.");
        server.Seat();
        bool[] shared = ClientSet.Read(ref input, count, "who shared");
        server.pairs = [.. shared.Select(each => each ? Array.Empty<byte[]>() : null)];
        server.members = ClientSet.Read(ref input, count, "who is in the sum");
        terms.Sent.AddPacked(ref input, server.sum);
        input.End("kept session");
        server.Phase = server.IsSigned ? SumPhase.Consistency : SumPhase.Unmasking;
        return server;
    }

    /// <summary>Takes the masks off.</summary>
    /// <param name="threads">Threads that expand masks; the sum does not depend on it.</param>
    /// <returns>The sum of the words of all who are in it, each modulo 2 to the power of its section's bits.</returns>
    /// <exception cref="SumLostException">Too few have answered, or what they sent does not fit.</exception>
    public uint[] Finish(int threads = 1)
    {
        if (!IsFixed)
            throw new InvalidOperationException($"Masks come off after the last trip, but the session waits for {Phase}.");
        var masks = new Unmasking(terms, clients, hash, graph!, keys)
            .MasksOf(members, [.. pairs.Select(each => each is not null)], SharesOf);
        Unmask(masks, threads);
        Phase = SumPhase.Done;
        int count = members.Count(member => member);
        if (sum[^1] != (uint)count)
            throw new SumLostException(
                $"The sum says that it is of {sum[^1]} clients, but {count} are in it: what a client sent does not fit its "
                    + $"shares.");
        return sum[..^1];
    }

    void Unmask(IReadOnlyList<Masking.Mask> masks, int threads)
    {
        Masking.MaskStreams.Apply(sum, masks, threads);
        terms.Sent.Reduce(sum);
    }

    // The places of those whose shares a client holds and that shared, as it answers of them.
    int[] HeldBy(int place) => [.. graph!.HoldersOf(place).Where(other => other == place || pairs[other] is not null)];

    IEnumerable<Sharing.SecretShare> SharesOf(int place)
    {
        int[] holders = graph!.HoldersOf(place);
        for (int i = 0; i < holders.Length; i++)
        {
            if (answers[holders[i]] is { } answer && Array.IndexOf(HeldBy(holders[i]), place) is >= 0 and var at)
                yield return new Sharing.SecretShare(i + 1, answer[at]);
        }
    }

    int PlaceOf(int client)
    {
        int place = Array.BinarySearch(clients, client);
        return place >= 0 ? place : throw Wrong(client, "is not in the roster");
    }

    void Expect(SumPhase phase, int client, bool isThere)
    {
        if (Phase != phase)
            throw Wrong(client, $"comes with {phase}, but the session waits for {Phase}");
        if (isThere)
            throw Wrong(client, $"has done {phase} already");
    }

    void Close(SumPhase phase, int have, int need, string what)
    {
        if (Phase != phase)
            throw new InvalidOperationException($"The session waits for {Phase}; {phase} cannot be closed.");
        Phase = phase + 1;
        if (have >= need)
            return;
        Phase = SumPhase.Done;
        throw new SumLostException($"{have} clients {what}, but a secure sum needs {need}.");
    }

    static InvalidPayloadException Wrong(int client, string what) => new($"Client {client} {what}.");
}
