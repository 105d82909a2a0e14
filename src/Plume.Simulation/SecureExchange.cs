using System.Security.Cryptography;
using Plume.Compression.Wire;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;
using Plume.Simulation.Clients;

namespace Plume.Simulation;

/// <summary>
/// One attempt at a round's secure sum, by the protocol as it is on a network: every message is made, counted and read, and
/// clients vanish between its trips.
/// </summary>
/// <param name="round">The round.</param>
/// <param name="costs">Takes the bytes.</param>
/// <param name="secrets">Where clients draw their secrets, which no bit of the run depends on.</param>
/// <param name="threads">Clients that compute side by side.</param>
sealed class SecureExchange(SecureRound round, RoundCosts costs, RandomNumberGenerator secrets, int threads) : IDisposable
{
    readonly SumServer server = new(round.Terms);
    readonly SortedDictionary<int, Member> members = [];

    /// <summary>A client that has an update.</summary>
    sealed record Member(SumClient Client, uint[] Words, ClientResult Result);

    /// <summary>What clients remember once the sum is had.</summary>
    public IEnumerable<(int Client, float[] Memory)> Memories =>
        server.Contributing.Select(client => (client, members[client].Result.Sent.Memory));

    /// <summary>Takes a client's update, which nobody else sees.</summary>
    /// <param name="number">Whose.</param>
    /// <param name="result">What came of its work.</param>
    public void Add(int number, ClientResult result)
    {
        var (sent, outcome) = (result.Sent.Payload, result.Sent.Outcome);
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
            Trip(SumPhase.Keys, gone, static (member, _) => member.Client.AnnounceKeys(), _ => [], server.TakeKeys);
            server.CloseKeys();
            Trip(SumPhase.Shares, gone, static (member, answer) => member.Client.Share(answer), server.RosterFor,
                server.TakeShares);
            server.CloseShares();
            Trip(SumPhase.Masked, gone, static (member, answer) => member.Client.Mask(answer, member.Words), server.SharesFor,
                server.TakeMasked, wanted);
        }
        catch (SumLostException lost)
        {
            gone.AddRange(There.Select(client => (client, (string?)lost.Message)));
            Dispose();
            members.Clear();
        }

        return gone;
    }

    /// <summary>Fixes who is in the sum.</summary>
    /// <exception cref="SumLostException">They are too few.</exception>
    public IReadOnlyList<int> Close()
    {
        server.CloseMasked();
        return server.Contributing;
    }

    /// <summary>Fourth trip: the sum, of those who are in it.</summary>
    /// <exception cref="SumLostException">It cannot be had.</exception>
    public RevealedSum Unmask()
    {
        byte[] contributors = server.ContributorsMessage();
        var left = server.Contributing.Where(client => members[client].Result.LostBefore != SumPhase.Unmasking).ToList();
        var answers = Made(left, static (member, answer) => member.Client.Unmask(answer), _ => contributors);
        foreach (var (client, (sent, told, _)) in answers.Where(entry => entry.Value.Sent is not null)
            .OrderBy(entry => entry.Key))
        {
            costs.Exchange(client, sent!.Length, told);
            server.TakeUnmasking(client, sent);
        }

        return round.Reveal(server.Finish(threads), server.Contributing.Count);
    }

    /// <summary>Forgets all secrets.</summary>
    public void Dispose()
    {
        foreach (var member in members.Values)
            member.Client.Dispose();
    }

    void Trip(SumPhase phase, List<(int, string?)> gone, Func<Member, byte[], byte[]> make, Func<int, byte[]> answer,
        TakesMessage take, int most = int.MaxValue)
    {
        foreach (int client in There.Where(client => members[client].Result.LostBefore == phase))
            Lose(client, null, gone);
        int taken = 0;
        foreach (var (client, (sent, told, problem)) in Made(There, make, answer).OrderBy(entry => entry.Key))
        {
            if (sent is null)
            {
                Lose(client, problem, gone);
                continue;
            }

            if (++taken > most)
                break;
            costs.Exchange(client, sent.Length, told);
            take(client, sent);
        }
    }

    // In ascending order.
    List<int> There => [.. members.Keys];

    delegate void TakesMessage(int client, ReadOnlySpan<byte> bytes);

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

    void Lose(int client, string? problem, List<(int, string?)> gone)
    {
        members[client].Client.Dispose();
        members.Remove(client);
        gone.Add((client, problem));
    }
}
