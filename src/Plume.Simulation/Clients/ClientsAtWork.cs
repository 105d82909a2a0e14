using Plume.Compression.Randomness;
using Plume.Federation.Rounds;

namespace Plume.Simulation.Clients;

/// <summary>
/// The virtual clients that are at work where rounds are buffered, and the order in which they answer: by a time of the
/// run's own, which no clock of this machine is part of, and at the same time by number.
/// </summary>
/// <remarks>
/// With links a task takes what its client's link and declared work say; without, a time drawn for each task from a half-normal
/// distribution, as the paper on buffered rounds found of real clients. What a task makes depends on nothing that happens after
/// it was given, so clients train when their answer may be the next, side by side with others that will be needed soon: no
/// number of threads changes who answers when, or what.
/// </remarks>
/// <param name="clients">Lets them train.</param>
/// <param name="links">The link of each client; null where none are given.</param>
/// <param name="run">The run's key.</param>
/// <param name="threads">How many train side by side.</param>
sealed class ClientsAtWork(VirtualClients clients, ClientLink[]? links, RandomKey run, int threads)
{
    const double Microseconds = 1e6;
    const int TrainedAhead = 8;

    readonly List<ClientAtWork> atWork = [];

    /// <summary>Microseconds of the run's own time.</summary>
    public long Now { get; private set; }

    /// <summary>Seconds of the run's own time since a moment.</summary>
    public double SecondsSince(long moment) => (Now - moment) / Microseconds;

    /// <summary>Gives a client a task, at this moment.</summary>
    /// <param name="part">The task.</param>
    /// <param name="version">The newest version.</param>
    /// <param name="received">What it published.</param>
    /// <param name="downloaded">Bytes that lead the client there.</param>
    public void Ask(RoundPart part, int version, ReadOnlyMemory<float> received, long downloaded) =>
        Add(new Assignment(part, version, downloaded, Now), received);

    /// <summary>Lets time pass until the next client answers.</summary>
    /// <param name="wanted">Answers that can be of use in the whole run; no more train for it at once.</param>
    public ClientAtWork Next(long wanted)
    {
        while (true)
        {
            var first = atWork.MinBy(client => (client.At, client.Client))
                ?? throw new InvalidOperationException("Nobody is at work, and so nobody answers.");
            if (first.Result is not null)
            {
                atWork.Remove(first);
                Now = first.At;
                return first;
            }

            Train((int)Math.Clamp(wanted, 1, TrainedAhead * threads));
        }
    }

    /// <summary>All that a later run needs to go on from here.</summary>
    public KeptWork Keep() => new(Now, [.. atWork.Select(client => client.Task).OrderBy(task => task.Part.Client)],
        atWork.DistinctBy(client => client.Task.Version)
            .ToDictionary(client => client.Task.Version, client => client.Received.ToArray()));

    /// <summary>Goes back to where an earlier run stopped.</summary>
    public void Restore(KeptWork kept)
    {
        Now = kept.Now;
        foreach (var task in kept.Tasks)
            Add(task, kept.Models[task.Version]);
    }

    void Add(Assignment task, ReadOnlyMemory<float> received) =>
        atWork.Add(new ClientAtWork(task, received, AnswerTo(task, sent: 0)));

    // Those whose answers may come first.
    void Train(int most)
    {
        ClientAtWork[] next = [.. atWork.Where(client => client.Result is null)
            .OrderBy(client => (client.At, client.Client)).Take(most)];
        atWork.RemoveAll(next.Contains);
        var results = clients.Work([.. next.Select(client => (client.Task.Part, client.Received))]);
        atWork.AddRange(next.Zip(results, (client, result) => client with
        {
            Result = result,
            At = AnswerTo(client.Task, result.Sent.Payload.Length),
        }));
    }

    // In whole microseconds, so that the last bit of a logarithm, in which machines may differ, decides nothing.
    long AnswerTo(Assignment task, long sent)
    {
        var key = DrawKeys.Task(run, task.Part);
        double seconds = links?[task.Part.Client] is { } link ? link.Seconds(task.Downloaded, link.Work!.Seconds(key), sent)
            : Math.Abs(new RandomDraws(key.Fold(WorkTime.Word)).NextNormal());
        return task.Asked + (long)(seconds * Microseconds);
    }
}
