using Plume.Compression.Wire;
using SkiaSharp;

namespace Plume.Learning.Data.Images;

/// <summary>
/// One PNG or JPEG, decoded by SkiaSharp. What its header says is looked at before memory is taken for its pixels.
/// </summary>
static class Picture
{
    const int LongestSide = 4096;
    const long LargestFile = 1 << 26;
    const int Channels = 4;

    /// <summary>A shape that a picture can have; null for none.</summary>
    /// <exception cref="ArgumentException">It is another.</exception>
    public static IReadOnlyList<int>? Valid(IReadOnlyList<int>? shape) =>
        shape is null or [1 or 3, >= 1 and <= LongestSide, >= 1 and <= LongestSide] ? shape
            : throw new ArgumentException($"Pictures have the shape channels (1 or 3) x height x width, each side {LongestSide} at most, but "
                + $"[{string.Join(", ", shape)}] is asked for.", nameof(shape));

    /// <summary>Channels (1 for grey, else 3), height and width of a file.</summary>
    /// <exception cref="InvalidPayloadException">It is no picture, or too large.</exception>
    public static IReadOnlyList<int> ShapeOf(string path)
    {
        using var data = Bytes(path);
        using var codec = Open(path, data);
        return [codec.Info.ColorType == SKColorType.Gray8 ? 1 : 3, codec.Info.Height, codec.Info.Width];
    }

    /// <summary>
    /// Reads the pixels, 0 to 255, channel after channel; of a picture in colour as one channel its brightness.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="shape">What it must have.</param>
    /// <param name="values">As many as the shape has.</param>
    /// <exception cref="InvalidPayloadException">It is no picture, of another size, cut, or not opaque.</exception>
    public static void Read(string path, IReadOnlyList<int> shape, Span<float> values)
    {
        using var data = Bytes(path);
        using var codec = Open(path, data);
        if ((codec.Info.Height, codec.Info.Width) != (shape[1], shape[2]))
            throw new InvalidPayloadException($"File '{path}' is {codec.Info.Width} x {codec.Info.Height} pixels, but pictures are "
                + $"{shape[2]} x {shape[1]} here. Bring all to one size.");
        byte[] pixels = new byte[Channels * shape[1] * shape[2]];
        var info = new SKImageInfo(shape[2], shape[1], SKColorType.Rgba8888, SKAlphaType.Unpremul);
        SKCodecResult result;
        unsafe
        {
            fixed (byte* place = pixels)
                result = codec.GetPixels(info, (nint)place);
        }

        if (result != SKCodecResult.Success)
            throw new InvalidPayloadException($"File '{path}' is cut or damaged: its pixels cannot be read ({result}).");
        int area = shape[1] * shape[2];
        for (int pixel = 0; pixel < area; pixel++)
        {
            var (red, green, blue, alpha) = (pixels[Channels * pixel], pixels[Channels * pixel + 1], pixels[Channels * pixel + 2],
                pixels[Channels * pixel + 3]);
            if (alpha != byte.MaxValue)
                throw new InvalidPayloadException($"File '{path}' is not opaque at {pixel % shape[2]}, {pixel / shape[2]}. Save it with a "
                    + "background.");
            if (shape[0] == 1)
            {
                // Recommendation ITU-R BT.601, in whole numbers: grey stays what it is.
                values[pixel] = (299 * red + 587 * green + 114 * blue) / 1000f;
                continue;
            }

            (values[pixel], values[area + pixel], values[2 * area + pixel]) = (red, green, blue);
        }
    }

    static SKData Bytes(string path)
    {
        if (Directory.Exists(path))
            throw new InvalidPayloadException($"'{path}' is a folder, where a picture must be: classes have no folders inside.");
        using var file = File.OpenRead(path);
        if (file.Length is 0 or > LargestFile)
            throw new InvalidPayloadException($"File '{path}' has {file.Length} bytes; a picture has 1 to {LargestFile}.");
        return SKData.Create(file, (int)file.Length)
            ?? throw new InvalidPayloadException($"File '{path}' ends before its {file.Length} bytes.");
    }

    static SKCodec Open(string path, SKData data)
    {
        var codec = SKCodec.Create(data);
        try
        {
            return codec is not { EncodedFormat: SKEncodedImageFormat.Png or SKEncodedImageFormat.Jpeg }
                ? throw new InvalidPayloadException($"File '{path}' is no PNG or JPEG. Take it out of the folder, or save it as one.")
                : codec.Info.Width > LongestSide || codec.Info.Height > LongestSide
                ? throw new InvalidPayloadException($"File '{path}' is {codec.Info.Width} x {codec.Info.Height} pixels; a side has "
                    + $"{LongestSide} at most.")
                : codec.EncodedOrigin != SKEncodedOrigin.TopLeft
                ? throw new InvalidPayloadException($"File '{path}' is stored turned ({codec.EncodedOrigin}), as cameras do. Save it upright.")
                : codec;
        }
        catch
        {
            codec?.Dispose();
            throw;
        }
    }
}
