using Plume.Compression.Codecs;
using Microsoft.Extensions.Logging.Abstractions;
using Plume.Compression.Randomness;
using Plume.Federation.Books;
using Plume.Federation.Learners;
using Plume.Federation.Rounds;
using Plume.Server.Federations.Places;
using Plume.Server.Federations.Records;

namespace Plume.Server.Tests.Federations.Places;

public class PlaceBookTests
{
    static readonly FederationPlan Plan = new(3, 5, 2, new LocalObjective(1, 1, 0.1), Codec.Floats, Codec.Floats)
    {
        StartWith = 2,
        Quorum = 2,
    };

    readonly RoundBooks books = new(Plan, RandomKey.FromSeed(1), modelNorm: 1, NoteLimit.None);
    readonly PlaceBook places = new("toy", Plan, NullLogger.Instance);

    [Fact]
    public void A_client_has_the_place_it_has_or_asks_for_or_the_first_that_is_free()
    {
        Take("one", 1);
        Assert.Equal((1, null), places.Find("one", null, 0, null));
        Assert.Equal((0, null), places.Find("two", null, 0, null));
        Assert.Equal((2, null), places.Find("two", 2, 0, null));
        Assert.Contains("cannot have 2", places.Find("one", 2, 0, null).Problem, StringComparison.Ordinal);
        Assert.Contains("taken by 'one'", places.Find("two", 1, 0, null).Problem, StringComparison.Ordinal);
        Assert.Contains("0 to 2", places.Find("two", 3, 0, null).Problem, StringComparison.Ordinal);
        Take("two", 0);
        Take("three", 2);
        Assert.Contains("All 3 places", places.Find("four", null, 0, null).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_that_is_given_back_is_the_first_free_one_and_its_name_has_none()
    {
        Take("one", 0);
        Take("two", 1);
        GiveBack(0);
        Assert.Equal(1, places.GivenBack);
        Assert.Null(places.NumberOf("one"));
        Assert.Equal(0, places.Find("three", null, 0, null).Number);
        Assert.Throws<InvalidOperationException>(() => GiveBack(0));
    }

    [Fact]
    public void Who_loses_its_place_in_a_round_is_out_of_it_until_the_next_opens()
    {
        Take("one", 0);
        Take("two", 1);
        Take("three", 2);
        int asked = books.State.Current.Participants[0];
        GiveBack(asked);
        Assert.Equal(books.State.Current.Attempt == 1 ? [asked] : [], places.Vacated);
        Tell(null, new TimePassed(), books.State.Current.Deadline);
        Assert.Empty(places.Vacated);
    }

    [Fact]
    public void Records_of_versions_bring_the_places_back()
    {
        Take("one", 0);
        Take("two", 1);
        var first = places.Entered;
        Tell(null, new TimePassed());
        GiveBack(0);
        Take("three", 0);
        Assert.Equal(["three"], places.Entered.Values);
        GiveBack(1);
        var again = new PlaceBook("toy", Plan, NullLogger.Instance);
        again.Restore([VersionRecord.First with { Places = first }, VersionRecord.First with { Places = places.Entered }]);
        Assert.Equal(places.Names, again.Names);
        Assert.Equal(places.NumberOf("three"), again.NumberOf("three"));
        Assert.Null(again.NumberOf("two"));
        Assert.Empty(again.Entered);
    }

    void Take(string name, int client) => Tell(new PlaceTaken(default, client, name), new ClientJoined(client));

    void GiveBack(int client) =>
        Tell(new PlaceGivenBack(default, client, "Why not.", Forgives: true), new PlaceVacated(client, Forgives: true));

    void Tell(LedgerEvent? happened, FederationEvent told, DateTimeOffset at = default)
    {
        var entry = books.Consider(told, at);
        books.Enter(entry);
        places.Follow(happened, entry);
    }
}
