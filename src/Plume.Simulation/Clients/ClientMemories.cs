using System.Runtime.InteropServices;
using Plume.Compression.Codecs;
using Plume.Federation.Learners;
using Plume.Federation.Participation;
using Plume.Federation.Rounds;

namespace Plume.Simulation.Clients;

/// <summary>
/// What all clients remember: residuals, and what their method keeps. Those that do not fit the memory they may have go to a
/// file, the longest unused first. A client without an entry remembers zeros.
/// </summary>
sealed class ClientMemories : IDisposable
{
    readonly Func<int, int> lengthOf;
    readonly int longest;
    readonly long capacity;
    readonly string folder;
    readonly Dictionary<int, LinkedListNode<(int Client, float[] Values)>> held = [];
    readonly LinkedList<(int Client, float[] Values)> byUse = [];
    readonly HashSet<int> spilled = [];
    readonly Lock gate = new();
    FileStream? file;

    /// <param name="lengthOf">Floats that a client remembers; 0 where there is nothing.</param>
    /// <param name="longest">The most that one does.</param>
    /// <param name="room">Bytes that may be held; one client's always may.</param>
    /// <param name="folder">Where the file goes.</param>
    public ClientMemories(Func<int, int> lengthOf, int longest, long room, string folder)
    {
        (this.lengthOf, this.longest, this.folder) = (lengthOf, longest, folder);
        capacity = Math.Max(1, room / Math.Max(1, 4L * longest));
    }

    /// <summary>Floats that clients of each capacity remember.</summary>
    /// <exception cref="ArgumentException">The learner has another model for one of them than the plan.</exception>
    public static int[] LengthsOf(FederationPlan plan, ILearner learner, Codec uplink)
    {
        var models = plan.ModelsOf(learner.Layout);
        int[] lengths = new int[models.Count];
        foreach (int client in Enumerable.Range(0, plan.Clients).DistinctBy(plan.Method.CapacityOf))
        {
            int capacity = plan.Method.CapacityOf(client);
            var own = learner.Of(client);
            if (!own.Layout.Equals(models[capacity].Layout))
                throw new ArgumentException(
                    $"Clients of capacity {plan.Method.Capacities[capacity]} train a model of {models[capacity].Layout.Length} "
                        + $"values, but the learner's for client {client} has {own.Layout.Length}.", nameof(learner));
            lengths[capacity] = Participant.MemoryLength(own, plan.Method, uplink);
        }

        return lengths;
    }

    /// <summary>Floats that a client remembers.</summary>
    public int LengthOf(int client) => lengthOf(client);

    /// <summary>Clients that remember something.</summary>
    public int Count => held.Count + spilled.Count;

    /// <summary>Clients whose memory is in the file.</summary>
    public int Spilled => spilled.Count;

    /// <summary>Copies a client's memory out.</summary>
    public void Load(int client, Span<float> memory)
    {
        lock (gate)
        {
            if (held.TryGetValue(client, out var node))
                node.Value.Values.CopyTo(memory);
            else if (spilled.Contains(client))
                Read(client, memory);
            else
                memory.Clear();
        }
    }

    /// <summary>Keeps a client's memory instead of its earlier one; the array is the store's from now on.</summary>
    public void Commit(int client, float[] memory)
    {
        if (memory.Length == 0)
            return;
        lock (gate)
        {
            if (held.Remove(client, out var node))
                byUse.Remove(node);
            spilled.Remove(client);
            if (!memory.AsSpan().ContainsAnyExcept(0f))
                return;
            held[client] = byUse.AddLast((client, memory));
            while (held.Count > capacity)
                SpillOldest();
        }
    }

    /// <summary>The clients that remember something, in ascending order.</summary>
    public IEnumerable<int> Clients => held.Keys.Concat(spilled).Order();

    void SpillOldest()
    {
        var (client, values) = byUse.First!.Value;
        file ??= new FileStream(Path.Combine(folder, $"memories-{Environment.ProcessId}-{GetHashCode():x}.tmp"),
            new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose,
            });
        file.Position = Place(client);
        file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        byUse.RemoveFirst();
        held.Remove(client);
        spilled.Add(client);
    }

    void Read(int client, Span<float> memory)
    {
        file!.Position = Place(client);
        file.ReadExactly(MemoryMarshal.AsBytes(memory));
    }

    long Place(int client) => 4L * longest * client;

    public void Dispose() => file?.Dispose();
}
