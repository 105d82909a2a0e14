namespace Plume.Cli.Bench.Picture;

/// <summary>A rectangle of a picture in pixels, from its upper left corner.</summary>
readonly record struct Box(float Left, float Top, float Width, float Height)
{
    public float Right => Left + Width;

    public float Bottom => Top + Height;

    /// <summary>A square around a point.</summary>
    public static Box Around(float x, float y, float radius) => new(x - radius, y - radius, 2 * radius, 2 * radius);

    /// <summary>Pixels that both cover.</summary>
    public float Overlap(Box other) =>
        Math.Max(0, Math.Min(Right, other.Right) - Math.Max(Left, other.Left))
            * Math.Max(0, Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top));

    /// <summary>The point of the box that is nearest to a point.</summary>
    public (float X, float Y) Nearest(float x, float y) => (Math.Clamp(x, Left, Right), Math.Clamp(y, Top, Bottom));
}
