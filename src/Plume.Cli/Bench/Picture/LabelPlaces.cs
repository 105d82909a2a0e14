namespace Plume.Cli.Bench.Picture;

/// <summary>
/// Finds places for the labels of points: near the point, within the area, and free of other labels, of markers and, as
/// far as possible, of lines. One label after another, each at the place that is best by then.
/// </summary>
sealed class LabelPlaces(Box area)
{
    const float Gap = 9;
    const int Rings = 12;
    const int Directions = 16;
    const float CostOfCover = 40;
    const float CostOfLine = 2;
    const float CostOfOutside = 1000;

    const float LeaderFrom = 16;
    const float LineStep = 4;

    readonly List<(Box Box, float Cost)> taken = [];

    /// <summary>Keeps a marker free, and so much around it that no other point's label seems to be its own.</summary>
    public void KeepMarker(float x, float y) => taken.Add((Box.Around(x, y, Gap), CostOfCover));

    /// <summary>Keeps a line free where that does not drive labels away.</summary>
    public void KeepLine(float x1, float y1, float x2, float y2) =>
        taken.AddRange(Along(x1, y1, x2, y2).Select(spot => (spot, CostOfLine)));

    /// <summary>Takes the best place for the label of a point.</summary>
    public Box Place(float x, float y, float width, float height)
    {
        var best = Candidates(x, y, width, height)
            .MinBy(candidate => candidate.Distance + Cost(candidate.Box) + Leader(candidate.Box, x, y).Sum(Cost)).Box;
        taken.AddRange(Leader(best, x, y).Select(spot => (spot, CostOfLine)));
        taken.Add((best, CostOfCover));
        return best;
    }

    /// <summary>Whether a label lies so far from its point that a line must lead to it.</summary>
    public static bool NeedsLeader(Box label, float x, float y)
    {
        var (nearX, nearY) = label.Nearest(x, y);
        return MathF.Abs(nearX - x) + MathF.Abs(nearY - y) > LeaderFrom;
    }

    // What such a line covers, from the edge of what is kept around the point.
    static IEnumerable<Box> Leader(Box label, float x, float y)
    {
        var (nearX, nearY) = label.Nearest(x, y);
        return NeedsLeader(label, x, y) ? Along(x, y, nearX, nearY).Where(spot => spot.Overlap(Box.Around(x, y, Gap)) == 0) : [];
    }

    static IEnumerable<Box> Along(float x1, float y1, float x2, float y2)
    {
        int steps = 1 + (int)(Math.Max(Math.Abs(x2 - x1), Math.Abs(y2 - y1)) / LineStep);
        return Enumerable.Range(0, steps + 1)
            .Select(step => Box.Around(x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps, LineStep / 2));
    }

    float Cost(Box box)
    {
        float covered = 0;
        foreach (var (other, cost) in taken)
            covered += cost * box.Overlap(other);
        return covered + CostOfOutside * (box.Width * box.Height - box.Overlap(area));
    }

    // To the right first, then around; ring by ring.
    static IEnumerable<(Box Box, float Distance)> Candidates(float x, float y, float width, float height)
    {
        for (int ring = 0; ring < Rings; ring++)
        {
            float distance = Gap * (1 + 0.8f * ring);
            for (int direction = 0; direction < Directions; direction++)
            {
                double angle = 2 * Math.PI * direction / Directions;
                float right = (float)Math.Cos(angle), down = (float)Math.Sin(angle);
                var box = new Box(x + right * distance + (right - 1) / 2 * width, y + down * distance + (down - 1) / 2 * height,
                    width, height);
                yield return (box, distance + (right < 0.5 ? 1 : 0) + Math.Abs(down));
            }
        }
    }
}
