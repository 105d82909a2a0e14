using Plume.Federation.Rounds;
using Plume.Server.Federations.News;

namespace Plume.Server.Tests.Federations.News;

public class AnnouncementsTests
{
    static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    static readonly FederationState Open = FederationState.Initial with
    {
        Phase = Phase.Collecting,
        Current = new RoundPlan(3, 1, 2, [0, 4, 7], DateTimeOffset.MaxValue),
    };

    readonly Announcements news = new("toy", TimeProvider.System);

    [Fact]
    public async Task Who_waits_is_let_go_when_something_is_new_and_not_before()
    {
        Announce(Open);
        var waiting = news.WaitAsync(news.Latest.Sequence, Long, default);
        Announce(Open);
        Assert.False(waiting.IsCompleted);
        Announce(Open with { IsPaused = true });
        Assert.True((await waiting).IsPaused);
        Assert.Equal(news.Latest.Sequence, (await news.WaitAsync(0, Long, default)).Sequence);
    }

    [Fact]
    public void Whoever_lost_its_place_is_not_asked_and_who_has_which_is_to_be_asked_again()
    {
        Announce(Open);
        long before = news.Latest.PlacesSince;
        Announce(Open, vacated: [4], givenBack: 1);
        Assert.Equal([0, 7], news.Latest.Participants);
        Assert.Equal(news.Latest.Sequence, news.Latest.PlacesSince);
        Assert.True(news.Latest.PlacesSince > before);
        Announce(Open with { IsPaused = true }, vacated: [4], givenBack: 1);
        Assert.Equal(news.Latest.Sequence - 1, news.Latest.PlacesSince);
    }

    [Fact]
    public void What_a_newer_owner_says_comes_after_all_that_an_older_one_said()
    {
        Announce(Open);
        var newer = new Announcements("toy", TimeProvider.System);
        newer.Announce(2, Open, 2, [], 0);
        Assert.True(newer.Latest.Sequence > news.Latest.Sequence);
    }

    [Fact]
    public async Task Nobody_waits_for_an_owner_that_leaves()
    {
        Announce(Open);
        var waiting = news.WaitAsync(news.Latest.Sequence, Long, default);
        news.LetGo();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAsync<OperationCanceledException>(() => news.WaitAsync(long.MaxValue, Long, default));
    }

    void Announce(FederationState state, int[]? vacated = null, int givenBack = 0) =>
        news.Announce(1, state, 2, vacated ?? [], givenBack);
}
