using Plume.Cli.Bench.Picture;
using Plume.Compression.Randomness;

namespace Plume.Cli.Tests.Bench.Picture;

public class LabelPlacesTests
{
    static readonly Box Area = new(70, 50, 860, 500);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Labels_lie_in_the_area_and_cover_neither_one_another_nor_a_marker(ulong seed)
    {
        var draws = new RandomDraws(RandomKey.FromSeed(seed));
        // Along a falling curve, as codecs lie, with a cluster in the corner.
        var points = Enumerable.Range(0, 16)
            .Select(i => (X: 90 + (float)(i * 45 * draws.NextDouble()), Y: 70 + (float)(i * 25 + 15 * draws.NextDouble())))
                .ToList();
        var places = new LabelPlaces(Area);
        points.ForEach(point => places.KeepMarker(point.X, point.Y));
        var boxes = points.Select(point => places.Place(point.X, point.Y, 180, 15)).ToList();

        Assert.All(boxes, box => Assert.Equal(box.Width * box.Height, box.Overlap(Area), 1f));
        Assert.All(boxes, box => Assert.All(points, point => Assert.Equal(0, box.Overlap(Box.Around(point.X, point.Y, 4)))));
        for (int i = 0; i < boxes.Count; i++)
            Assert.All(boxes.Skip(i + 1), other => Assert.Equal(0, boxes[i].Overlap(other)));
    }

    [Fact]
    public void A_point_alone_has_its_label_beside_it()
    {
        var places = new LabelPlaces(Area);
        places.KeepMarker(300, 300);
        var box = places.Place(300, 300, 100, 15);
        Assert.False(LabelPlaces.NeedsLeader(box, 300, 300));
        Assert.Equal((309f, 292.5f), (box.Left, box.Top));
    }

    [Fact]
    public void At_the_right_edge_a_label_goes_to_the_left()
    {
        var places = new LabelPlaces(Area);
        places.KeepMarker(Area.Right - 2, 300);
        var box = places.Place(Area.Right - 2, 300, 100, 15);
        Assert.InRange(box.Right, Area.Left, Area.Right);
    }
}
