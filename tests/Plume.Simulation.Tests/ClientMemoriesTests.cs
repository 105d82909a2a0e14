using Plume.Simulation.Clients;

namespace Plume.Simulation.Tests;

public class ClientMemoriesTests
{
    [Fact]
    public void What_was_kept_comes_back_from_memory_or_file_and_all_else_is_zero()
    {
        using var store = new ClientMemories(_ => 4, longest: 4, room: 3 * 16, Path.GetTempPath());
        for (int client = 0; client < 10; client++)
            store.Commit(client, [client, 1, 2, 3]);
        Assert.Equal((10, 7), (store.Count, store.Spilled));
        var residual = new float[4];
        for (int client = 0; client < 10; client++)
        {
            store.Load(client, residual);
            Assert.Equal([client, 1, 2, 3], residual);
        }

        store.Load(99, residual);
        Assert.Equal([0, 0, 0, 0], residual);
    }

    [Fact]
    public void A_residual_replaces_the_earlier_one_and_zeros_take_no_room()
    {
        using var store = new ClientMemories(_ => 2, longest: 2, room: 8, Path.GetTempPath());
        store.Commit(1, [1, 1]);
        store.Commit(2, [2, 2]);
        store.Commit(1, [3, 3]);
        var residual = new float[2];
        store.Load(1, residual);
        Assert.Equal([3, 3], residual);
        store.Commit(1, [0, 0]);
        store.Load(1, residual);
        Assert.Equal([0, 0], residual);
        Assert.Equal([2], store.Clients);
    }
}
