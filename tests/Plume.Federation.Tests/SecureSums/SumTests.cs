using System.Security.Cryptography;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Federation.SecureSums;
using Plume.Federation.SecureSums.Graph;
using Plume.Federation.SecureSums.Masking;
using Plume.Federation.SecureSums.Messages;

namespace Plume.Federation.Tests.SecureSums;

/// <summary>What a secure sum promises, and what each side refuses.</summary>
public class SumTests
{
    [Theory]
    [InlineData(0, 250)]
    [InlineData(250, 250)]
    [InlineData(500, 250)]
    [InlineData(750, 250)]
    public void The_sum_is_the_plain_sum_bit_for_bit_however_clients_vanish(int first, int schedules)
    {
        Parallel.For(first, first + schedules, schedule =>
        {
            var draws = new RandomDraws(RandomKey.FromSeed((ulong)schedule));
            int clients = 3 + draws.NextInt(9);
            var terms = Session.TermsFor(2 * clients);
            // Of all that have keys in the roster three in ten may vanish, each in a phase of its own.
            int[] numbers = [.. Enumerable.Range(0, clients).Select(i => 2 * i + draws.NextInt(2))];
            int[] order = [.. numbers];
            draws.Shuffle<int>(order);
            int most = (int)(0.3 * clients), losing = most == 0 ? 0 : draws.NextInt(most + 1);
            int[] phases = [.. Enumerable.Range(0, losing).Select(_ => 1 + draws.NextInt(3))];
            var session = new Session(terms, numbers, (ulong)schedule);
            session.Keys().Lose(order.Take(losing).Where((_, i) => phases[i] == 1));
            session.Shares().Lose(order.Take(losing).Where((_, i) => phases[i] == 2));
            session.Masked(client => Session.Words(terms, client, (ulong)schedule));
            var contributing = session.Server.Contributing;
            Assert.Equal(order.Except(order.Take(losing).Where((_, i) => phases[i] < 3)).Order(), contributing);
            if (schedule % 3 == 0)
                session.Restart();
            session.Lose(order.Take(losing));
            Assert.Equal(Session.PlainSum(terms, contributing, (ulong)schedule), session.Unmask());
        });
    }

    [Fact]
    public void The_sum_of_many_clients_with_few_neighbours_is_the_plain_sum_on_one_thread_and_on_two()
    {
        const int clients = 60;
        var terms = Session.TermsFor(clients, dropOut: 0.1, sections: [new WordSection(5000, 14), new WordSection(3, 32)]);
        uint[] Run(int threads)
        {
            var session = new Session(terms, Enumerable.Range(0, clients), 5);
            session.Keys().Lose([7]);
            session.Shares().Lose([11, 12, 40]);
            session.Masked(client => Session.Words(terms, client, 5)).Lose([3, 59]);
            return session.Unmask(threads);
        }

        Assert.False(new SumGraph(clients, 0.1, new byte[32]).IsComplete);
        uint[] one = Run(1);
        Assert.Equal(Session.PlainSum(terms, Enumerable.Range(0, clients).Except([7, 11, 12, 40]), 5), one);
        Assert.Equal(one, Run(2));
    }

    // Of Google's federated-compute, for a server that lies about who is alive.
    [Theory]
    [InlineData(10, .05, .05, 2, 2)]
    [InlineData(10, .05, .33, 8, 5)]
    [InlineData(10, .33, .05, 4, 4)]
    [InlineData(100, .05, .05, 16, 11)]
    [InlineData(100, .05, .33, 72, 39)]
    [InlineData(100, .33, .05, 42, 37)]
    [InlineData(1000, .05, .05, 52, 37)]
    [InlineData(1000, .05, .33, 398, 223)]
    [InlineData(1000, .33, .05, 132, 109)]
    public void A_graph_has_the_published_degree_and_threshold(int clients, double colluding, double dropOut, int degree,
        int threshold) =>
        Assert.Equal(new GraphSize(degree, threshold), GraphSize.Sparse(clients, colluding, dropOut));

    [Fact]
    public void Where_too_many_collude_or_vanish_there_is_no_graph() => Assert.Null(GraphSize.Sparse(100, .33, .33));

    [Fact]
    public void Neighbours_are_mutual_and_as_many_as_the_degree()
    {
        var graph = new SumGraph(100, 0.1, Session.TermsFor(9).Context.Span);
        Assert.All(Enumerable.Range(0, 100), place =>
        {
            int[] neighbours = graph.NeighboursOf(place);
            Assert.Equal(graph.Degree, neighbours.Distinct().Count());
            Assert.DoesNotContain(place, neighbours);
            Assert.All(neighbours, other => Assert.Contains(place, graph.NeighboursOf(other)));
        });
    }

    [Theory]
    [InlineData(10)]
    [InlineData(32)]
    public void Three_in_ten_may_vanish_and_a_third_may_collude_where_all_are_neighbours(int clients)
    {
        int threshold = GraphSize.Of(clients, 0.3).Threshold;
        Assert.True(clients - (int)(0.3 * clients) >= threshold);
        // Two stories about one client need more shares than honest clients and liars have.
        Assert.True(2 * threshold > clients + (clients - 1) / 3);
    }

    [Fact]
    public void Below_the_threshold_nothing_can_be_read()
    {
        var terms = Session.TermsFor(10);
        var session = new Session(terms, Enumerable.Range(0, 10), 1);
        session.Keys().Shares().Masked(client => Session.Words(terms, client, 1)).Lose([0, 1, 2, 3]);
        Assert.Contains("6 have answered, and 7 must", Assert.Throws<SumLostException>(() => session.Unmask()).Message);
    }

    [Fact]
    public void What_one_client_sends_does_not_depend_on_its_words_but_by_its_masks()
    {
        // One word of two bits, and always the same: what travels takes all four values alike often.
        var counts = new int[4];
        for (byte attempt = 1; attempt <= 200; attempt++)
        {
            var terms = Session.TermsFor(3, sections: [new WordSection(1, 2)]) with
            {
                Context = Enumerable.Repeat(attempt, 32).ToArray(),
            };
            var session = new Session(terms, [0, 1, 2], attempt);
            session.Keys().Shares();
            counts[session[0].Mask(session.Server.SharesFor(0), [1])[0]]++;
        }

        // Chi-square with three degrees of freedom is above 16.3 once in a thousand times.
        Assert.InRange(counts.Sum(count => (count - 50.0) * (count - 50.0) / 50), 0, 16.3);
    }

    [Fact]
    public void A_sum_of_clients_that_were_told_different_things_is_lost_and_not_read()
    {
        var terms = Session.TermsFor(4);
        var others = terms with { Context = Enumerable.Repeat((byte)1, 32).ToArray() };
        using SumClient a = new(terms, 0, new SeededSecrets(1)), b = new(terms, 1, new SeededSecrets(2)),
            c = new(others, 2, new SeededSecrets(3));
        SumClient[] clients = [a, b, c];
        var server = new SumServer(terms);
        foreach (var client in clients)
            server.TakeKeys(client.Client, client.AnnounceKeys());
        server.CloseKeys();
        foreach (var client in clients)
            server.TakeShares(client.Client, client.Share(server.RosterFor(client.Client)));
        server.CloseShares();
        string message = Assert.Throws<SumRefusedException>(() => a.Mask(server.SharesFor(0), new uint[11])).Message;
        Assert.Equal("Client 0 refuses: the shares that client 2 sealed for it do not open.", message);
    }

    [Fact]
    public void A_client_unmasks_once_and_never_gives_both_shares_of_one_client()
    {
        var session = Ready(5, out var terms);
        session.Masked(client => Session.Words(terms, client, 1));
        session[0].Unmask(session.Server.ContributorsMessage());
        bool[] others = [true, true, true, true, false];
        string message = Assert.Throws<SumRefusedException>(() => session[0].Unmask(new Contributors(others).ToBytes())).Message;
        Assert.Contains("could give away both shares of one client", message);
    }

    [Theory]
    [InlineData(new[] { false, true, true, true, true }, "its own words are not in the sum")]
    [InlineData(new[] { true, true, false, false, false }, "the sum is of 2 clients, and must be of 3 or more")]
    [InlineData(new[] { true, true, true, false, false }, "3 are in the sum, and 4 must")]
    public void A_client_refuses_to_unmask_less_than_a_sum_of_enough(bool[] members, string why)
    {
        var session = Ready(5, out var terms);
        session.Masked(client => Session.Words(terms, client, 1));
        Assert.Contains(why, Assert.Throws<SumRefusedException>(() =>
            session[0].Unmask(new Contributors(members).ToBytes())).Message);
    }

    [Fact]
    public void A_client_refuses_a_sum_with_one_that_shared_nothing()
    {
        var terms = Session.TermsFor(10);
        var session = new Session(terms, Enumerable.Range(0, 10), 1);
        session.Keys().Lose([9]);
        session.Shares().Masked(client => Session.Words(terms, client, 1));
        string message = Assert.Throws<SumRefusedException>(() =>
            session[0].Unmask(new Contributors([.. Enumerable.Repeat(true, 10)]).ToBytes())).Message;
        Assert.Contains("client 9 is said to be in the sum, but shared nothing", message);
    }

    [Fact]
    public void Keys_off_the_curve_or_of_another_curve_are_refused_by_both_sides()
    {
        var terms = Session.TermsFor(3);
        using var client = new SumClient(terms, 0, new SeededSecrets(1));
        byte[] keys = client.AnnounceKeys();
        keys[40] ^= 1;
        Assert.Contains("no point of P-256",
            Assert.Throws<InvalidPayloadException>(() => new SumServer(terms).TakeKeys(0, keys)).Message);
        // The generator of secp256k1, whose coordinates have as many bytes.
        byte[] other = Convert.FromHexString(
            "79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8");
        Assert.False(AgreementKey.IsPublic(other));
        Assert.Throws<InvalidPayloadException>(() => new SumServer(terms).TakeKeys(0, [.. other, .. other]));
        Assert.Throws<InvalidPayloadException>(() => new SumServer(terms).TakeKeys(0, keys.AsSpan(0, 65)));
    }

    [Fact]
    public void A_client_refuses_a_roster_that_lies()
    {
        var terms = Session.TermsFor(4);
        var session = new Session(terms, [0, 1, 2, 3], 1);
        session.Keys();
        byte[] roster = session.Server.RosterFor(0);
        const int firstKey = 1 + 4 + 32;
        AssertRefused("two keys of the roster are the same", bytes => bytes.AsSpan(firstKey, 128)
            .CopyTo(bytes.AsSpan(firstKey + 128)), 0);
        AssertRefused("no point of P-256", bytes => bytes[firstKey + 3] ^= 1, 1);
        AssertRefused("the roster's hash is not that of its keys", bytes => bytes[6] ^= 1, 2);

        void AssertRefused(string why, Action<byte[]> change, ulong seed)
        {
            byte[] changed = [.. roster];
            change(changed);
            using var client = new SumClient(terms, 0, new SeededSecrets(1000));
            client.AnnounceKeys();
            Assert.Contains(why, Assert.Throws<SumRefusedException>(() => client.Share(changed)).Message);
            Assert.Contains("refuses", Assert.Throws<SumRefusedException>(() => client.Share(roster)).Message);
        }
    }

    [Fact]
    public void A_server_takes_nothing_twice_nothing_late_and_nothing_of_strangers()
    {
        var session = Ready(4, out var terms);
        var server = session.Server;
        byte[] masked = session[0].Mask(server.SharesFor(0), Session.Words(terms, 0, 1));
        server.TakeMasked(0, masked);
        Assert.Equal("Client 0 has done Masked already.",
            Assert.Throws<InvalidPayloadException>(() => server.TakeMasked(0, masked)).Message);
        Assert.Equal("Client 9 is not in the roster.",
            Assert.Throws<InvalidPayloadException>(() => server.TakeMasked(9, masked)).Message);
        Assert.Contains("must be", Assert.Throws<InvalidPayloadException>(() => server.TakeMasked(1, masked.AsSpan(1))).Message);
        foreach (int client in new[] { 1, 2 })
            server.TakeMasked(client, session[client].Mask(server.SharesFor(client), Session.Words(terms, client, 1)));
        server.CloseMasked();
        byte[] late = session[3].Mask(server.SharesFor(3), Session.Words(terms, 3, 1));
        Assert.Equal("Client 3 comes with Masked, but the session waits for Unmasking.",
            Assert.Throws<InvalidPayloadException>(() => server.TakeMasked(3, late)).Message);
    }

    [Fact]
    public void Shares_that_do_not_fit_lose_the_sum_and_name_whose_they_are()
    {
        var session = Ready(5, out var terms);
        session.Masked(client => Session.Words(terms, client, 1));
        foreach (int client in session.There)
        {
            byte[] shares = session[client].Unmask(session.Server.ContributorsMessage());
            if (client == 4)
                shares[1] ^= 1;
            session.Server.TakeUnmasking(client, shares);
        }

        Assert.Equal("The shares of client 0 do not fit one another.",
            Assert.Throws<SumLostException>(() => session.Server.Finish()).Message);
    }

    [Fact]
    public void Keys_that_a_server_put_in_place_of_a_client_s_or_kept_from_another_round_are_refused_where_identities_are_pinned()
    {
        using ECDsa first = ECDsa.Create(ECCurve.NamedCurves.nistP256), second = ECDsa.Create(ECCurve.NamedCurves.nistP256),
            third = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECDsa[] owners = [first, second, third];
        var known = Enumerable.Range(0, 3)
            .ToDictionary(i => i, i => (ReadOnlyMemory<byte>)owners[i].ExportSubjectPublicKeyInfo());
        var terms = Session.TermsFor(3) with { SignatureBytes = 64 };
        SumClient Client(int number, SumTerms of) =>
            new(of, number, new SeededSecrets((ulong)number), new PinnedIdentity(owners[number], known));

        byte[] Roster(Func<int, byte[]> keysOf)
        {
            var server = new SumServer(terms);
            for (int client = 0; client < 3; client++)
                server.TakeKeys(client, keysOf(client));
            server.CloseKeys();
            return server.RosterFor(0);
        }

        Assert.Equal(2 * SealedShares.PairBytes, Told(client => Announced(client, terms)).Length);
        // A server's own keys, signed by itself.
        using var servers = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var false2 = new SumClient(terms, 2, new SeededSecrets(99), new PinnedIdentity(servers, known));
        AssertRefused(client => client == 2 ? false2.AnnounceKeys() : Announced(client, terms));
        // The client's own, of another round.
        AssertRefused(client => client == 2 ? Announced(2, terms with { Context = Enumerable.Repeat((byte)7, 32).ToArray() })
            : Announced(client, terms));
        Assert.Contains("signatures of 64 bytes, and its own have 0",
            Assert.Throws<SumRefusedException>(() => new SumClient(terms, 0, new SeededSecrets(1))).Message);

        byte[] Announced(int number, SumTerms of)
        {
            using var client = Client(number, of);
            return client.AnnounceKeys();
        }

        byte[] Told(Func<int, byte[]> keysOf)
        {
            using var client = Client(0, terms);
            byte[] own = client.AnnounceKeys();
            return client.Share(Roster(number => number == 0 ? own : keysOf(number)));
        }

        void AssertRefused(Func<int, byte[]> keysOf) =>
            Assert.Equal("Client 0 refuses: the keys of client 2 are not signed by it for this session.",
                Assert.Throws<SumRefusedException>(() => Told(keysOf)).Message);
    }

    [Fact]
    public void A_client_gives_its_words_to_no_sum_of_two() =>
        Assert.Contains("of two each knows the other's",
            Assert.Throws<SumRefusedException>(() =>
                new SumClient(Session.TermsFor(5, minimum: 2), 0, new SeededSecrets(1))).Message);

    [Fact]
    public void Damaged_messages_are_refused_and_nothing_else_happens()
    {
        var session = Ready(5, out var terms);
        var draws = new RandomDraws(RandomKey.FromSeed(9));
        byte[] roster = session.Server.RosterFor(0), delivered = session.Server.SharesFor(0);
        for (int i = 0; i < 300; i++)
        {
            byte[] bytes = [.. draws.NextInt(2) == 0 ? roster : delivered];
            bytes[draws.NextInt(bytes.Length)] ^= (byte)(1 + draws.NextInt(255));
            byte[] cut = bytes[..draws.NextInt(bytes.Length + 1)];
            foreach (Action read in new Action[] { () => Roster.Read(cut, terms, 0), () => DeliveredShares.Read(cut, 4),
                () => Contributors.Read(cut, 5), () => SealedShares.Read(cut, 4), () => UnmaskingShares.Read(cut, 4) })
            {
                if (Record.Exception(read) is { } problem)
                    Assert.IsType<InvalidPayloadException>(problem);
            }
        }
    }

    static Session Ready(int clients, out SumTerms terms)
    {
        terms = Session.TermsFor(clients);
        return new Session(terms, Enumerable.Range(0, clients), 1).Keys().Shares();
    }
}
