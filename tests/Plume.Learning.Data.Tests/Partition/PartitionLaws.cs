using CsCheck;
using Plume.Learning.Data;
using Plume.Learning.Data.Tests;

namespace Plume.Learning.Partition.Tests;

public sealed class PartitionLaws
{
    public static TheoryData<string> Drawn =>
        ["iid", "dirichlet(0.001)", "dirichlet(0.1)", "dirichlet(1)", "dirichlet(1000000)", "shards(1)", "shards(3)"];

    static readonly Gen<(LabeledSet Set, int Clients, ulong Seed)> Cases =
        Gen.Select(Gen.Int[30, 300], Gen.Int[1, 10], Gen.Int[0, 9], Gen.ULong,
            (count, classes, more, seed) => (Some.Set(count, classes, seed), Math.Min(10, classes + more), seed));

    [Theory]
    [MemberData(nameof(Drawn))]
    public void Every_sample_goes_to_exactly_one_client_and_every_client_has_one(string notation) => Cases.Sample(drawn =>
    {
        var clients = Partition.Parse(notation).Deal(drawn.Set, drawn.Clients, Some.Key(drawn.Seed)).Clients;
        Assert.Equal(drawn.Clients, clients.Count);
        Assert.All(clients, Assert.NotEmpty);
        Assert.Equal(Enumerable.Range(0, drawn.Set.Count), clients.SelectMany(samples => samples).Order());
    }, iter: 200);

    [Theory]
    [MemberData(nameof(Drawn))]
    public void The_same_key_deals_the_same_and_another_key_differently(string notation)
    {
        var set = Some.Set(500, 10);
        var partition = Partition.Parse(notation);
        var first = partition.Deal(set, 20, Some.Key(1)).Clients;
        Assert.Equal(first, partition.Deal(set, 20, Some.Key(1)).Clients);
        Assert.NotEqual(first, partition.Deal(set, 20, Some.Key(2)).Clients);
    }

    [Theory]
    [MemberData(nameof(Drawn))]
    public void As_many_clients_as_samples_get_one_each_and_more_are_refused(string notation)
    {
        var partition = Partition.Parse(notation);
        var set = Some.Even(4, 3);
        if (partition is not Shards { Count: > 1 })
            Assert.All(partition.Deal(set, 12, Some.Key()).Clients, samples => Assert.Single(samples));
        var refusal = Assert.Throws<ArgumentException>(() => partition.Deal(set, 13, Some.Key()));
        Assert.StartsWith("Every client needs a sample, but set 'even' has 12 for 13 clients.", refusal.Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => partition.Deal(set, 0, Some.Key()));
    }

    // One class, two clients, nearly equal parts: the first client's samples from the first half are hypergeometric with
    // mean 250 and a standard deviation of 8.
    [Theory]
    [InlineData("iid")]
    [InlineData("dirichlet(1000000)")]
    [InlineData("shards(1)")]
    public void The_order_of_the_data_says_nothing_about_whose_a_sample_is(string notation)
    {
        var first = Partition.Parse(notation).Deal(Some.Even(1_000, 1), 2, Some.Key()).Clients[0];
        Assert.InRange(first.Count(sample => sample < 500), 210, 290);
    }

    [Fact]
    public void Iid_parts_differ_by_one_sample_at_most() => Cases.Sample(drawn =>
    {
        var sizes = new Iid().Deal(drawn.Set, drawn.Clients, Some.Key(drawn.Seed)).Clients.Select(samples => samples.Length)
            .ToList();
        Assert.InRange(sizes.Max() - sizes.Min(), 0, 1);
    }, iter: 200);

    [Fact]
    public void A_client_of_shards_has_at_most_so_many_classes_however_unequal_they_are() =>
        Gen.Select(Cases, Gen.Int[1, 3]).Sample((drawn, count) =>
        {
            var clients = new Shards(count).Deal(drawn.Set, drawn.Clients, Some.Key(drawn.Seed)).Clients;
            Assert.All(clients, samples =>
                Assert.InRange(samples.Select(sample => drawn.Set.Labels[sample]).Distinct().Count(), 1, count));
        }, iter: 200);

    [Fact]
    public void Shards_of_equal_classes_are_equal()
    {
        var clients = new Shards(2).Deal(Some.Even(600, 10), 100, Some.Key()).Clients;
        Assert.All(clients, samples => Assert.Equal(60, samples.Length));
        // Two random shards of 200 are of one class for about ten clients of a hundred.
        Assert.InRange(clients.Count(samples => samples.DistinctBy(sample => sample % 10).Count() == 1), 1, 25);
    }

    [Fact]
    public void Shards_that_cannot_be_cut_are_refused()
    {
        Assert.StartsWith(
            "Every shard needs a sample, but set 'even' has 12 for 5 clients with 3 shards each.",
            Assert.Throws<ArgumentException>(() => new Shards(3).Deal(Some.Even(4, 3), 5, Some.Key())).Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "Every class needs a shard, but 2 clients with 1 shards each have fewer than the 3 classes of set 'even'.",
            Assert.Throws<ArgumentException>(() => new Shards(1).Deal(Some.Even(4, 3), 2, Some.Key())).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_column_gives_each_name_its_samples()
    {
        var set = new LabeledSet("rows", new float[5], [1], new int[5], 1)
        {
            Clients = new ClientColumn("site", ["b", "a", "b", "B", "a"]),
        };
        Assert.Equal([[3], [1, 4], [0, 2]], new ByColumn("site").Deal(set, 3, Some.Key()).Clients);
        Assert.StartsWith(
            "Column 'site' of set 'rows' names 3 clients, but 4 were asked for.",
            Assert.Throws<ArgumentException>(() => new ByColumn("site").Deal(set, 4, Some.Key())).Message,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "Set 'rows' was not read with a client column 'ward'; it has 'site'.",
            Assert.Throws<ArgumentException>(() => new ByColumn("ward").Deal(set, 3, Some.Key())).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_thousand_clients_are_dealt_to_soon() =>
        Assert.Equal(10_000, new Dirichlet(0.05).Deal(Some.Even(6_000, 10), 10_000, Some.Key()).Clients.Count);
}
