namespace Plume.Models.Graph.Channels;

/// <summary>
/// Numbered places, one for each index along an axis of a tensor, joined where one cannot be removed without the other.
/// What is joined is one channel. A channel may be frozen, with a reason.
/// </summary>
sealed class Places
{
    readonly List<int> parents = [];
    readonly List<string?> reasons = [];
    readonly List<bool> produced = [];
    readonly List<bool> consumed = [];

    /// <summary>So many new places, each a channel of its own.</summary>
    public int[] Add(int count)
    {
        int first = parents.Count;
        int[] added = [.. Enumerable.Range(first, count)];
        parents.AddRange(added);
        reasons.AddRange(Enumerable.Repeat<string?>(null, count));
        produced.AddRange(Enumerable.Repeat(false, count));
        consumed.AddRange(Enumerable.Repeat(false, count));
        return added;
    }

    /// <summary>The lowest place of the channel, which stands for it.</summary>
    public int ChannelOf(int place)
    {
        while (parents[place] != place)
            place = parents[place] = parents[parents[place]];
        return place;
    }

    public void Join(int left, int right)
    {
        (left, right) = (ChannelOf(left), ChannelOf(right));
        if (left == right)
            return;
        (int root, int other) = left < right ? (left, right) : (right, left);
        parents[other] = root;
        reasons[root] ??= reasons[other];
    }

    /// <summary>Keeps the channel. The first reason is told, or the main one.</summary>
    public void Freeze(int place, string reason, bool isMain = false)
    {
        int channel = ChannelOf(place);
        reasons[channel] = isMain ? reason : reasons[channel] ?? reason;
    }

    /// <summary>Why the place cannot be removed, or null.</summary>
    public string? ReasonOf(int place) => reasons[ChannelOf(place)];

    /// <summary>Notes that a product writes the channel from here: the rows of a matrix, the kernels of a convolution.</summary>
    public void Produce(int place) => produced[place] = true;

    /// <summary>Notes that a product reads the channel here.</summary>
    public void Consume(int place) => consumed[place] = true;

    public bool IsProduced(int place) => produced[place];

    public bool IsConsumed(int place) => consumed[place];
}
