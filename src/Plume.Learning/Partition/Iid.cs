using Plume.Compression.Randomness;
using Plume.Learning.Data;

namespace Plume.Learning.Partition;

/// <summary>Samples in random order, in equal parts: sizes differ by one at most.</summary>
public sealed record Iid : Partition
{
    private protected override string Notation => "iid";

    /// <inheritdoc/>
    public override Allotment Deal(LabeledSet set, int clients, RandomKey key)
    {
        CheckClients(set, clients);
        int[] order = [.. Enumerable.Range(0, set.Count)];
        new RandomDraws(key).Shuffle(order.AsSpan());
        return new Allotment([.. Enumerable.Range(0, clients).Select(client =>
            order[(int)((long)client * set.Count / clients)..(int)((client + 1L) * set.Count / clients)])]);
    }
}
