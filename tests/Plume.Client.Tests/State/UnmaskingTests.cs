using Plume.Client.State;

namespace Plume.Client.Tests.State;

public sealed class UnmaskingTests : IDisposable
{
    static readonly Place Here = new("digits", "site-1", [1, 2, 3], 7);

    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_client_unmasks_one_sum_of_a_round_and_none_of_a_round_before_it_also_after_a_restart()
    {
        byte[] first = [1], second = [2];
        using (var kept = Open())
        {
            Assert.True(kept.Unmask(3, first));
            Assert.True(kept.Unmask(3, first));
            Assert.False(kept.Unmask(3, second));
        }

        using (var kept = Open())
        {
            Assert.False(kept.Unmask(3, second));
            Assert.False(kept.Unmask(2, first));
            Assert.True(kept.Unmask(3, first));
            Assert.True(kept.Unmask(4, second));
            Assert.False(kept.Unmask(3, first));
        }
    }

    ClientFolder Open()
    {
        var opened = new ClientFolder(new ClientOptions
        {
            Server = new Uri("http://localhost"),
            Federation = Here.Federation,
            Name = Here.Name,
            Folder = folder.Path,
        });
        opened.Enter(Here);
        return opened;
    }
}
