using System.Runtime.InteropServices;

namespace Plume.Simulation;

/// <summary>
/// The residuals of all clients. Those that do not fit the memory they may have go to a file, the longest unused first.
/// A client without an entry has a residual of zeros.
/// </summary>
sealed class ResidualStore : IDisposable
{
    readonly int length;
    readonly long capacity;
    readonly string folder;
    readonly Dictionary<int, LinkedListNode<(int Client, float[] Values)>> held = [];
    readonly LinkedList<(int Client, float[] Values)> byUse = [];
    readonly HashSet<int> spilled = [];
    readonly Lock gate = new();
    FileStream? file;

    /// <param name="length">Floats of one residual; 0 where the codec remembers nothing.</param>
    /// <param name="memory">Bytes that may be held; one residual always may.</param>
    /// <param name="folder">Where the file goes.</param>
    public ResidualStore(int length, long memory, string folder)
    {
        (this.length, this.folder) = (length, folder);
        capacity = Math.Max(1, memory / Math.Max(1, 4L * length));
    }

    /// <summary>Clients that have a residual.</summary>
    public int Count => held.Count + spilled.Count;

    /// <summary>Residuals in the file.</summary>
    public int Spilled => spilled.Count;

    /// <summary>Copies a client's residual out.</summary>
    public void Load(int client, Span<float> residual)
    {
        lock (gate)
        {
            if (held.TryGetValue(client, out var node))
                node.Value.Values.CopyTo(residual);
            else if (spilled.Contains(client))
                Read(client, residual);
            else
                residual.Clear();
        }
    }

    /// <summary>Keeps a client's residual instead of its earlier one; the array is the store's from now on.</summary>
    public void Commit(int client, float[] residual)
    {
        if (length == 0)
            return;
        lock (gate)
        {
            if (held.Remove(client, out var node))
                byUse.Remove(node);
            spilled.Remove(client);
            if (!residual.AsSpan().ContainsAnyExcept(0f))
                return;
            held[client] = byUse.AddLast((client, residual));
            while (held.Count > capacity)
                SpillOldest();
        }
    }

    /// <summary>The clients that have a residual, in ascending order.</summary>
    public IEnumerable<int> Clients => held.Keys.Concat(spilled).Order();

    void SpillOldest()
    {
        var (client, values) = byUse.First!.Value;
        file ??= new FileStream(Path.Combine(folder, $"residuals-{Environment.ProcessId}-{GetHashCode():x}.tmp"), new FileStreamOptions
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

    void Read(int client, Span<float> residual)
    {
        file!.Position = Place(client);
        file.ReadExactly(MemoryMarshal.AsBytes(residual));
    }

    long Place(int client) => 4L * length * client;

    public void Dispose() => file?.Dispose();
}
