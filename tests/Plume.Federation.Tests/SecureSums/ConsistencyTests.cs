using Plume.Compression.Wire;
using Plume.Federation.SecureSums;
using Plume.Federation.SecureSums.Graph;
using Plume.Federation.SecureSums.Messages;

namespace Plume.Federation.Tests.SecureSums;

/// <summary>That clients unmask only a sum of which enough others were told the same.</summary>
public class ConsistencyTests
{
    [Fact]
    public void A_sum_that_enough_have_signed_is_the_plain_sum_and_late_signers_unmask_it_too()
    {
        var session = new SignedSession(10).Mask(lost: 4);
        session.Sign(0, 1, 2, 3, 5, 6);
        Assert.Equal(SumPhase.Consistency, session.Server.Phase);
        session.Sign(7);
        Assert.Equal(SumPhase.Unmasking, session.Server.Phase);
        session.Sign(8, 9);
        session.Unmask(0, 1, 2, 3, 5, 9, 8);
        Assert.Equal(Session.PlainSum(session.Terms, session.Server.Contributing, 1), session.Server.Finish());
    }

    [Fact]
    public void With_few_neighbours_more_than_half_of_all_sign_and_neighbours_come_first()
    {
        var session = new SignedSession(60, dropOut: 0.1).Mask(7, 8);
        var graph = new SumGraph(60, 0.1, new byte[32]);
        Assert.Equal((false, 32), (graph.IsComplete, graph.Signers));
        int[] there = [.. session.All.Except([7, 8])];
        session.Sign(there);
        var signers = session.Server.SignersFor(3);
        Assert.Equal(31, signers.Count);
        Assert.Superset(session.Server.NeighboursOf(3).Except([7, 8]).ToHashSet(), signers.ToHashSet());
        session.Unmask(there);
        Assert.Equal(Session.PlainSum(session.Terms, there, 1), session.Server.Finish());
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.05)]
    public void Two_sets_would_need_more_clients_that_sign_both_than_may_collude_and_three_in_ten_may_vanish(double dropOut) =>
        Assert.All((int[])[.. Enumerable.Range(3, 120), 500, 1000], clients =>
        {
            var graph = new SumGraph(clients, dropOut, new byte[32]);
            int colluding = graph.IsComplete ? (clients - 1) / 3 : (int)(clients * GraphSize.Colluding);
            Assert.True(2 * graph.Signers - clients > colluding);
            Assert.True(graph.Signers <= clients - (int)(0.3 * clients));
        });

    [Fact]
    public void A_server_that_tells_two_clients_different_sets_is_refused_by_both()
    {
        var session = new SignedSession(5).Mask();
        bool[] all = [true, true, true, true, true], others = [true, true, true, true, false];
        byte[] toAll = new Contributors(all).ToBytes(), toOthers = new Contributors(others).ToBytes();
        byte[][] signed = [.. session.All.Select(client => session[client].SignContributors(client == 1 ? toOthers : toAll))];
        AssertRefused("client 1 has not signed that these clients are in the sum of this session: it was told of others", 0);
        AssertRefused("client 0 has not signed that these clients are in the sum of this session: it was told of others", 1);

        void AssertRefused(string why, int client)
        {
            byte[] shown = new SignedContributors([.. session.All.Except([client, 4])
                .Select(other => (other, (ReadOnlyMemory<byte>)signed[other]))]).ToBytes(5);
            string message = Assert.Throws<SumRefusedException>(() => session[client].Unmask(shown)).Message;
            Assert.StartsWith($"Client {client} refuses: {why}", message, StringComparison.Ordinal);
            // It is over for the client, whatever comes next.
            Assert.Throws<SumRefusedException>(() => session[client].Unmask(shown));
        }
    }

    [Fact]
    public void A_client_refuses_where_a_signature_is_missing_false_or_of_one_that_is_not_in_the_sum()
    {
        AssertRefused("of the roster's 5 clients 3, itself among them, have signed who is in the sum, and 4 must", [1, 2]);
        AssertRefused("client 3 has not signed that these clients are in the sum", [1, 2, 3],
            change: signatures => signatures[3][5] ^= 1);
        // Of another client.
        AssertRefused("client 3 has not signed that these clients are in the sum", [1, 2, 3],
            change: signatures => signatures[3] = signatures[2]);
        AssertRefused("client 4, whose signature of who is in the sum it is shown, is not in it", [1, 2, 3, 4]);
        AssertRefused("client 0, whose signature of who is in the sum it is shown, is itself", [0, 1, 2, 3]);

        static void AssertRefused(string why, int[] shown, Action<byte[][]>? change = null)
        {
            var session = new SignedSession(5).Mask(lost: 4);
            byte[][] signatures = [.. session.All.Select(client => client == 4 ? new byte[64]
                : session[client].SignContributors(session.Server.ContributorsMessage()))];
            change?.Invoke(signatures);
            byte[] told = new SignedContributors([.. shown.Select(other => (other, (ReadOnlyMemory<byte>)signatures[other]))])
                .ToBytes(5);
            Assert.Contains(why, Assert.Throws<SumRefusedException>(() => session[0].Unmask(told)).Message);
        }
    }

    [Fact]
    public void A_client_refuses_signatures_of_another_session()
    {
        SignedSession session = new SignedSession(4).Mask(), before = new SignedSession(4, context: 9).Mask();
        before.Sign(0, 1, 2, 3);
        session.Sign(0, 1, 2, 3);
        Assert.Equal(before.Server.ContributorsMessage(), session.Server.ContributorsMessage());
        Assert.Contains("has not signed that these clients are in the sum of this session",
            Assert.Throws<SumRefusedException>(() => session[0].Unmask(before.Server.SignaturesFor(0))).Message);
    }

    [Fact]
    public void A_client_signs_one_set_of_a_session_and_unmasks_none_that_it_has_not_signed()
    {
        var session = new SignedSession(5).Mask();
        byte[] all = session.Server.ContributorsMessage();
        Assert.Equal("Client 0 refuses: its next step of this session is Sign, not Unmask.",
            Assert.Throws<SumRefusedException>(() => session[0].Unmask(all)).Message);
        session[0].SignContributors(all);
        Assert.Equal("Client 0 refuses: its next step of this session is Unmask, not Sign.",
            Assert.Throws<SumRefusedException>(() => session[0].SignContributors(all)).Message);
        Assert.Contains("its own words are not in the sum", Assert.Throws<SumRefusedException>(() =>
            session[1].SignContributors(new Contributors([true, false, true, true, true]).ToBytes())).Message);
    }

    // Signatures are not kept: who had seen them brings its own again with its shares.
    [Fact]
    public void A_server_that_restarts_among_the_last_trips_takes_shares_and_signatures_side_by_side()
    {
        var session = new SignedSession(7).Mask(lost: 6);
        session.Sign(0, 1, 2, 3, 4);
        byte[][] shares = [.. new[] { 0, 1, 2 }.Select(client => session[client].Unmask(session.Server.SignaturesFor(client)))];
        session.Restart();
        Assert.Equal(SumPhase.Consistency, session.Server.Phase);
        foreach (int client in (int[])[0, 1, 2])
            session.Server.TakeUnmasking(client, shares[client]);
        session.Sign(5);
        Assert.Equal(SumPhase.Consistency, session.Server.Phase);
        session.Server.TakeSignature(4, new byte[64]);
        Assert.Equal((SumPhase.Unmasking, false), (session.Server.Phase, session.Server.HasEnough));
    }

    [Fact]
    public void A_server_takes_no_signature_twice_too_early_too_short_or_of_one_that_is_not_in_the_sum()
    {
        var session = new SignedSession(5);
        Assert.Throws<InvalidPayloadException>(() => session.Server.TakeSignature(0, new byte[64]));
        session.Mask(lost: 4);
        AssertRefused("must be 64", 0, 63);
        AssertRefused("Client 4 is not in the sum.", 4, 64);
        session.Sign(0);
        AssertRefused("Client 0 has done Consistency already.", 0, 64);

        void AssertRefused(string why, int client, int bytes) => Assert.Contains(why,
            Assert.Throws<InvalidPayloadException>(() => session.Server.TakeSignature(client, new byte[bytes])).Message);
    }

    [Fact]
    public void Fewer_contributors_than_must_sign_are_a_lost_sum()
    {
        var session = new SignedSession(60, dropOut: 0.05);
        int[] lost = [.. session.All.Skip(31)];
        Assert.Contains("31 clients sent their words, but a secure sum needs",
            Assert.Throws<SumLostException>(() => session.Mask(lost)).Message);
    }
}
