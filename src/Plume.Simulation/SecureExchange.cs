using System.Security.Cryptography;
using Plume.Compression.Wire;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;
using Plume.Simulation.Clients;

namespace Plume.Simulation;

/// <summary>
/// One attempt at a round's secure sums, by the protocol as it is on a network: every message is made, counted and read, and
/// clients vanish between its trips.
/// </summary>
/// <param name="server">The server's half of them.</param>
/// <param name="costs">Takes the bytes.</param>
/// <param name="secrets">Where clients draw their secrets, which no bit of the run depends on.</param>
/// <param name="threads">Clients that compute side by side.</param>
sealed class SecureExchange(GroupSums server, RoundCosts costs, RandomNumberGenerator secrets, int threads) : IDisposable
{
    readonly SortedDictionary<int, Member> members = [];

    /// <summary>A client that has an update.</summary>
    sealed record Member(SumClient Client, uint[] Words, ClientResult Result);

    /// <summary>The round of a client's group.</summary>
    public SecureRound RoundOf(int client) => server.RoundOf(client);

    /// <summary>Who is not in a sum after all, though that was fixed.</summary>
    public IReadOnlyList<int> LeftOut => server.LeftOut;

    /// <summary>What there is to say of the round; null for nothing.</summary>
    public string? NoteOn(SumOutcome outcome) => server.NoteOn(outcome);

    /// <summary>What clients remember once the sums are had.</summary>
    public IEnumerable<(int Client, float[] Memory)> Memories =>
        server.Contributing.Select(client => (client, members[client].Result.Sent.Memory));

    /// <summary>Takes a client's update, which nobody else sees.</summary>
    /// <param name="number">Whose.</param>
    /// <param name="result">What came of its work.</param>
    public void Add(int number, ClientResult result)
    {
        var (sent, outcome) = (result.Sent.Payload, result.Sent.Outcome);
        var round = server.RoundOf(number);
        var words = round.WordsOf(sent, round.Task.WeightOf(outcome.Samples), outcome.Loss);
        members.Add(number, new Member(new SumClient(round.Terms, number, secrets), words, result));
    }

    /// <summary>Whether nobody is left.</summary>
    public bool IsEmpty => members.Count == 0;

    /// <summary>The first three trips, the third of as many clients as the round wants, in their order.</summary>
    /// <returns>Who vanished, and why where there is a reason.</returns>
    public IReadOnlyList<(int Client, string? Problem)> Prepare(int wanted)
    {
        var gone = new List<(int, string?)>();
        try
        {
            LeaveOut(gone);
            Trip(SumPhase.Keys, gone, static (member, _) => member.Client.AnnounceKeys(), _ => []);
            server.Close();
            LeaveOut(gone);
            Trip(SumPhase.Shares, gone, static (member, answer) => member.Client.Share(answer),
                client => server.Of(client).RosterFor(client));
            server.Close();
            LeaveOut(gone);
            Trip(SumPhase.Masked, gone, static (member, answer) => member.Client.Mask(answer, member.Words),
                client => server.Of(client).SharesFor(client), wanted);
        }
        catch (SumLostException lost)
        {
            gone.AddRange(There.Select(client => (client, (string?)lost.Message)));
            Dispose();
            members.Clear();
        }

        return gone;
    }

    /// <summary>Fixes who is in a sum.</summary>
    /// <exception cref="SumLostException">They are too few.</exception>
    public IReadOnlyList<int> Close()
    {
        server.Close();
        return server.Contributing;
    }

    /// <summary>Fourth trip: the sums, of those who are in them.</summary>
    /// <exception cref="SumLostException">They cannot be had.</exception>
    public RevealedSums Unmask()
    {
        var left = server.Contributing.Where(client => members[client].Result.LostBefore != SumPhase.Unmasking).ToList();
        var answers = Made(left, static (member, answer) => member.Client.Unmask(answer),
            client => server.Of(client).ContributorsMessage());
        foreach (var (client, (sent, told, _)) in answers.Where(entry => entry.Value.Sent is not null)
            .OrderBy(entry => entry.Key))
        {
            costs.Exchange(client, sent!.Length, told);
            server.Take(SumPhase.Unmasking, client, sent);
        }

        return server.Finish(threads);
    }

    /// <summary>Forgets all secrets.</summary>
    public void Dispose()
    {
        foreach (var member in members.Values)
            member.Client.Dispose();
    }

    void Trip(SumPhase phase, List<(int, string?)> gone, Func<Member, byte[], byte[]> make, Func<int, byte[]> answer,
        int? wanted = null)
    {
        foreach (int client in There.Where(client => members[client].Result.LostBefore == phase))
            Lose(client, null, gone);
        foreach (var (client, (sent, told, problem)) in Made(There, make, answer).OrderBy(entry => entry.Key))
        {
            if (sent is null)
            {
                Lose(client, problem, gone);
                continue;
            }

            if (wanted is { } all && server.Of(client).Answered >= server.WantedWith(client, all))
                continue;
            costs.Exchange(client, sent.Length, told);
            server.Take(phase, client, sent);
        }
    }

    // In ascending order.
    List<int> There => [.. members.Keys];

    Dictionary<int, (byte[]? Sent, int Told, string? Problem)> Made(List<int> clients, Func<Member, byte[], byte[]> make,
        Func<int, byte[]> answer)
    {
        var made = new (byte[]?, int, string?)[clients.Count];
        Parallel.For(0, clients.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            byte[] told = answer(clients[i]);
            try
            {
                made[i] = (make(members[clients[i]], told), told.Length, null);
            }
            catch (Exception refusal) when (refusal is SumRefusedException or InvalidPayloadException)
            {
                made[i] = (null, told.Length, refusal.Message);
            }
        });
        return clients.Zip(made).ToDictionary(entry => entry.First, entry => entry.Second);
    }

    // Nobody goes on whose group is left out.
    void LeaveOut(List<(int, string?)> gone)
    {
        foreach (int client in There.Where(client => server.PhaseOf(client) == SumPhase.Done))
            Lose(client, null, gone);
    }

    void Lose(int client, string? problem, List<(int, string?)> gone)
    {
        members[client].Client.Dispose();
        members.Remove(client);
        gone.Add((client, problem));
    }
}
