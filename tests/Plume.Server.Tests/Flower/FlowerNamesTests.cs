using System.Net;
using Plume.Server.Flower;

namespace Plume.Server.Tests.Flower;

public class FlowerNamesTests
{
    [Fact]
    public void A_full_door_sends_those_away_who_are_late_the_longest_first()
    {
        var names = new FlowerNames(3);
        Take(names, "a", "b", "c");
        Assert.False(names.TryTake("d", null, out _, out _));
        var b = names.MayGo("flower/id/b");
        var a = names.MayGo("flower/id/a");
        Take(names, "d");
        Assert.Equal((true, false), (b.IsCancellationRequested, a.IsCancellationRequested));
        names.Stays("flower/id/a");
        Assert.False(names.TryTake("e", null, out _, out _));
        Assert.False(a.IsCancellationRequested);
    }

    [Fact]
    public void A_name_is_not_given_anew_before_its_last_holder_has_gone()
    {
        var names = new FlowerNames(1);
        Take(names, "a");
        names.MayGo("flower/id/a");
        Assert.False(names.TryTake("A", null, out _, out string? problem));
        Assert.StartsWith("A client with the client-id 'A' is there already.", problem, StringComparison.Ordinal);
        Take(names, "b");
        names.GiveBack("flower/id/a");
        // The one place is that of b.
        Assert.False(names.TryTake("a", null, out _, out _));
        names.GiveBack("flower/id/b");
        Take(names, "a");
    }

    [Fact]
    public void Those_without_an_id_have_the_lowest_number_that_is_free_at_their_address()
    {
        var names = new FlowerNames(10);
        string[] taken = [.. Enumerable.Range(0, 3)
            .Select(place => names.TryTake(null, IPAddress.IPv6Loopback, out string? name, out _) ? name : "")];
        Assert.Equal(["flower/peer/--1/1", "flower/peer/--1/2", "flower/peer/--1/3"], taken);
        names.GiveBack(taken[1]);
        Assert.True(names.TryTake(null, IPAddress.IPv6Loopback, out string? next, out _));
        Assert.Equal(taken[1], next);
    }

    static void Take(FlowerNames names, params string[] ids)
    {
        foreach (string id in ids)
            Assert.True(names.TryTake(id, null, out _, out string? problem), problem);
    }
}
