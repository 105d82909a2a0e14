using System.Security.Cryptography;
using Plume.Compression.Wire;
using Plume.Federation.SecureSums.Graph;
using Plume.Federation.SecureSums.Masking;
using Plume.Federation.SecureSums.Messages;
using Plume.Federation.SecureSums.Sharing;

namespace Plume.Federation.SecureSums;

/// <summary>
/// A client's half of one attempt at a secure sum: four trips, each once and in order, and where keys are signed one more. It
/// trusts the server with nothing but the sum: what would tell more is refused with a <see cref="SumRefusedException"/>, after
/// which the session is over for it.
/// </summary>
/// <remarks>
/// Promises: fewer than the threshold of its neighbours cannot take its masks away; nobody, the server and colluding neighbours
/// fewer than
/// <see cref="GraphSize"/> says included, learns more than one sum of words, of as many clients as the terms say (where keys are
/// not signed a server that lies about who is in it can have fewer, down to half of a complete graph's); it gives a share of one
/// secret of each other client and never of both; it unmasks once, and where keys are signed only what enough others were told,
/// too (<see cref="Graph.SumGraph.Signers"/>). Every draw is from the generator that the caller gives. Source: Bonawitz et al.,
/// "Practical Secure Aggregation for Privacy-Preserving Machine Learning", CCS 2017, eprint 2017/281; Bell et al., CCS 2020.
/// </remarks>
public sealed class SumClient : IDisposable
{
    readonly SumTerms terms;
    readonly RandomNumberGenerator secrets;
    readonly SessionKeys keys;
    readonly ISumIdentity? identity;
    Step next = Step.Keys;
    Roster? roster;
    byte[] session = [];
    byte[] ownShare = [];
    byte[][] pairSecrets = [];
    byte[][] openKeys = [];
    byte[]?[] held = [];
    bool[] members = [];
    byte[] told = [];
    byte[] signature = [];

    /// <summary>A client at the start of a session.</summary>
    /// <param name="terms">What the server and it agree on.</param>
    /// <param name="client">Its number.</param>
    /// <param name="secrets">Where its secrets are drawn. Not a generator that anybody can run again.</param>
    /// <param name="identity">By which clients know each other's keys. Without it a server that puts keys of its own in their
    /// place reads everything.</param>
    /// <exception cref="SumRefusedException">The terms ask for less than a client of ours gives its words to.</exception>
    public SumClient(SumTerms terms, int client, RandomNumberGenerator secrets, ISumIdentity? identity = null) : this(terms,
        client, secrets, new SessionKeys(secrets), identity)
    {
    }

    internal SumClient(SumTerms terms, int client, RandomNumberGenerator secrets, SessionKeys keys, ISumIdentity? identity = null)
    {
        ArgumentNullException.ThrowIfNull(terms);
        string problems = string.Join(" ", terms.Problems());
        if (problems.Length > 0)
            throw new SumRefusedException(problems);
        if (terms.SignatureBytes != (identity?.SignatureBytes ?? 0))
            throw new SumRefusedException(
                $"Client {client} refuses: keys are to have signatures of {terms.SignatureBytes} bytes, and its own have "
                    + $"{identity?.SignatureBytes ?? 0}.");
        (this.terms, Client, this.secrets, this.keys, this.identity) = (terms, client, secrets, keys, identity);
    }

    enum Step
    {
        Keys,
        Share,
        Mask,
        Sign,
        Unmask,
        Over,
    }

    /// <summary>Its number.</summary>
    public int Client { get; }

    /// <summary>First trip: its keys.</summary>
    public byte[] AnnounceKeys()
    {
        Enter(Step.Keys);
        var announced = keys.Announced;
        return Leave(Step.Share, (announced with { Signature = identity?.Sign(announced.Statement(terms, Client)) }).ToBytes());
    }

    /// <summary>Second trip: shares of its secrets for its neighbours.</summary>
    /// <param name="answer">The <see cref="Roster"/>.</param>
    /// <exception cref="SumRefusedException">The roster breaks a rule.</exception>
    public byte[] Share(ReadOnlySpan<byte> answer)
    {
        Enter(Step.Share);
        roster = Checked(answer, bytes => Roster.Read(bytes, terms, Client));
        if (RosterCheck.ProblemOf(roster, terms, keys.Announced, identity) is { } problem)
            throw Refuse(problem);
        session = terms.Session(roster.Hash.Span, roster.Graph.Threshold);
        int[] holders = roster.Graph.HoldersOf(roster.Place), neighbours = roster.Graph.NeighboursOf(roster.Place);
        byte[][] ofOwnMask = SecretSharing.Split(keys.OwnMaskSeed, roster.Graph.Threshold, holders.Length, secrets);
        byte[][] ofMaskKey = SecretSharing.Split(keys.MaskKeySeed, roster.Graph.Threshold, holders.Length, secrets);
        (pairSecrets, openKeys) = (new byte[neighbours.Length][], new byte[neighbours.Length][]);
        var pairs = new byte[neighbours.Length][];
        for (int i = 0; i < neighbours.Length; i++)
        {
            int other = roster.Clients[neighbours[i]], place = Array.IndexOf(holders, neighbours[i]);
            (byte[] agreed, pairSecrets[i]) = keys.Agree(roster.NeighbourKeys[i]);
            openKeys[i] = SessionSecrets.Seal(agreed, session, other, Client);
            pairs[i] = SealedShares.Seal(SessionSecrets.Seal(agreed, session, Client, other), ofOwnMask[place], ofMaskKey[place]);
        }

        if (Array.IndexOf(holders, roster.Place) is >= 0 and var own)
            ownShare = ofOwnMask[own];
        return Leave(Step.Mask, SealedShares.ToBytes(pairs));
    }

    /// <summary>Third trip: its words, masked.</summary>
    /// <param name="answer">The <see cref="DeliveredShares"/>.</param>
    /// <param name="words">What it adds to the sum: the shape's words, of which the bits beyond their sections' do not
    /// count.</param>
    /// <param name="threads">Threads that expand masks.</param>
    /// <exception cref="SumRefusedException">Too few neighbours shared, or a share does not open.</exception>
    /// <exception cref="ArgumentException">The number of words is wrong.</exception>
    public byte[] Mask(ReadOnlySpan<byte> answer, ReadOnlySpan<uint> words, int threads = 1)
    {
        Enter(Step.Mask);
        if (words.Length != terms.Shape.Words)
            throw new ArgumentException($"The sum is of {terms.Shape.Words} words, but {words.Length} were given.",
                nameof(words));
        int[] neighbours = roster!.Graph.NeighboursOf(roster.Place);
        var pairs = Checked(answer, bytes => DeliveredShares.Read(bytes, neighbours.Length)).Pairs;
        Need(pairs.Count(pair => pair is not null) + (ownShare.Length > 0 ? 1 : 0), "hold shares");
        held = new byte[neighbours.Length][];
        var masks = new List<Mask> { new(SessionSecrets.SelfMask(keys.OwnMaskSeed, session), Subtracts: false) };
        for (int i = 0; i < neighbours.Length; i++)
        {
            if (pairs[i] is not { } pair)
                continue;
            held[i] = SealedShares.Open(openKeys[i], pair)
                ?? throw Refuse($"the shares that client {roster.Clients[neighbours[i]]} sealed for it do not open");
            masks.Add(new Mask(SessionSecrets.PairMask(pairSecrets[i], session), Subtracts: neighbours[i] < roster.Place));
        }

        var masked = new uint[terms.Sent.Words];
        words.CopyTo(masked);
        masked[^1] = 1;
        MaskStreams.Apply(masked, masks, threads);
        var output = new PayloadWriter();
        terms.Sent.Pack(masked, output);
        return Leave(identity is null ? Step.Unmask : Step.Sign, output.Written.ToArray());
    }

    /// <summary>
    /// What unmasking would be about: a hash of the session, with the keys of all who take part, and of who is in the sum. Keep
    /// it durably before <see cref="Unmask"/>'s answer is sent, and answer for no other in the same round.
    /// </summary>
    /// <param name="answer">The <see cref="Contributors"/>.</param>
    public byte[] SetHash(ReadOnlySpan<byte> answer) => SHA256.HashData([.. "plume set 1"u8, .. session, .. answer]);

    /// <summary>Trip of consistency, where keys are signed: its signature of who is in the sum, once and of one set.</summary>
    /// <param name="answer">The <see cref="Contributors"/>.</param>
    /// <exception cref="SumRefusedException">The sum would be of too few, or of somebody who cannot be in it.</exception>
    public byte[] SignContributors(ReadOnlySpan<byte> answer)
    {
        Enter(Step.Sign);
        Settle(answer);
        signature = identity!.Sign(Contributors.Statement(session, Client, told));
        return Leave(Step.Unmask, signature);
    }

    /// <summary>
    /// Last trip: of each client whose shares it holds the one share that the sum needs. It answers once: keep durably that it
    /// did before it is sent. Where keys are signed its own signature goes with them, for a server that has lost it.
    /// </summary>
    /// <param name="answer">The <see cref="Contributors"/>; where keys are signed the <see cref="SignedContributors"/>.</param>
    /// <exception cref="SumRefusedException">It answered before, or the sum would be of too few, or of somebody who cannot be in
    /// it, or too few others have signed that they were told the same.</exception>
    public byte[] Unmask(ReadOnlySpan<byte> answer)
    {
        Enter(Step.Unmask);
        if (identity is null)
            Settle(answer);
        else if (SignersCheck.ProblemOf(Checked(answer, bytes => SignedContributors.Read(bytes, terms, roster!.Clients.Count)),
            roster!, members, other => Contributors.Statement(session, other, told), identity) is { } problem)
            throw Refuse(problem);
        int[] neighbours = roster!.Graph.NeighboursOf(roster.Place);
        var shares = new List<byte[]>();
        foreach (int place in roster.Graph.HoldersOf(roster.Place))
        {
            if (place == roster.Place)
                shares.Add(ownShare);
            else if (held[Array.IndexOf(neighbours, place)] is { } pair)
                shares.Add(members[place] ? pair[..SealedShares.ShareBytes] : pair[SealedShares.ShareBytes..]);
        }

        return Leave(Step.Over, [.. signature, .. UnmaskingShares.ToBytes(shares)]);
    }

    // Takes a set for the one to unmask.
    void Settle(ReadOnlySpan<byte> answer)
    {
        told = answer.ToArray();
        members = [.. Checked(answer, bytes => Contributors.Read(bytes, roster!.Clients.Count)).Members];
        int[] neighbours = roster!.Graph.NeighboursOf(roster.Place);
        int count = members.Count(member => member);
        if (!members[roster.Place])
            throw Refuse("its own words are not in the sum that it should unmask");
        if (count < terms.Minimum)
            throw Refuse($"the sum is of {count} clients, and must be of {terms.Minimum} or more");
        for (int i = 0; i < neighbours.Length; i++)
        {
            if (members[neighbours[i]] && held[i] is null)
                throw Refuse($"client {roster.Clients[neighbours[i]]} is said to be in the sum, but shared nothing");
        }

        Need(neighbours.Count(other => members[other]) + (ownShare.Length > 0 ? 1 : 0), "are in the sum");
    }

    /// <summary>Forgets its secrets.</summary>
    public void Dispose()
    {
        next = Step.Over;
        foreach (byte[]? secret in pairSecrets.Concat(openKeys).Concat(held.OfType<byte[]>()).Append(ownShare))
            CryptographicOperations.ZeroMemory(secret);
        keys.Dispose();
    }

    void Need(int have, string what)
    {
        if (have < roster!.Graph.Threshold)
            throw Refuse($"of its neighbours and itself {have} {what}, and {roster.Graph.Threshold} must");
    }

    void Enter(Step step)
    {
        if (next == step)
            return;
        throw new SumRefusedException(step == Step.Unmask && next == Step.Over
            ? $"Client {Client} refuses: it has unmasked this session or given it up, and a second answer could give away both "
                + $"shares of one client."
            : $"Client {Client} refuses: its next step of this session is {next}, not {step}.");
    }

    byte[] Leave(Step step, byte[] answer)
    {
        next = step;
        return answer;
    }

    SumRefusedException Refuse(string why)
    {
        next = Step.Over;
        return new SumRefusedException($"Client {Client} refuses: {why}.");
    }

    delegate T Reading<T>(ReadOnlySpan<byte> bytes);

    T Checked<T>(ReadOnlySpan<byte> bytes, Reading<T> read)
    {
        try
        {
            return read(bytes);
        }
        catch (InvalidPayloadException invalid)
        {
            next = Step.Over;
            throw new SumRefusedException($"Client {Client} refuses: {invalid.Message}", invalid);
        }
    }
}
