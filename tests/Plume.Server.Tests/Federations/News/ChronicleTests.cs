using Plume.Federation.Rounds;
using Plume.Server.Federations.News;

namespace Plume.Server.Tests.Federations.News;

public class ChronicleTests
{
    static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    readonly Chronicle chronicle = new(client => client == 3 ? "site-a" : "") { Metric = "accuracy" };

    [Fact]
    public void Only_the_last_things_are_kept_whatever_happens()
    {
        for (int thing = 1; thing <= 3 * Chronicle.Most; thing++)
            chronicle.Note(Noon, $"Thing {thing}.", isTrouble: false);

        Assert.Equal(Enumerable.Range((2 * Chronicle.Most) + 1, Chronicle.Most).Select(thing => ((long)thing, $"Thing {thing}.")),
            chronicle.All.Select(happening => (happening.Number, happening.Text)));
    }

    [Fact]
    public void The_same_again_and_again_does_not_push_out_the_rest()
    {
        chronicle.Note(Noon, "Before.", isTrouble: false);
        for (int time = 1; time <= 1000; time++)
            chronicle.Refused(Noon.AddSeconds(time), new RefuseUpdate(3, 1, Refusal.Stale, "Its update is of round 1."));

        Assert.Equal([("Before.", 1, Noon), ("'site-a': Stale. Its update is of round 1.", 1000, Noon.AddSeconds(1000))],
            chronicle.All.Select(happening => (happening.Text, happening.Times, happening.At)));
        Assert.Equal([false, true], chronicle.All.Select(happening => happening.IsTrouble));
    }

    [Fact]
    public void What_clients_say_is_one_short_line()
    {
        chronicle.Refused(Noon, new RefuseUpdate(4, 1, Refusal.Invalid, $"{new string('x', 1000)}\n\u001b[2J"));

        string text = Assert.Single(chronicle.All).Text;
        Assert.StartsWith("Client 4: Invalid. xxx", text, StringComparison.Ordinal);
        Assert.InRange(text.Length, 100, 350);
        Assert.DoesNotContain(text, char.IsControl);
    }
}
