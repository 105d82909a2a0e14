using System.Runtime.InteropServices;
using Plume.Compression.Wire;
using Plume.Models.Graph;
using Plume.Models.Quantize.Calibrate;

namespace Plume.Models.Quantize;

/// <summary>A weight in integers.</summary>
/// <param name="Name">The tensor of levels.</param>
/// <param name="Scale">The tensor of its scales.</param>
/// <param name="ZeroPoint">The level of 0 where that is not 0, or null.</param>
/// <param name="Scales">The scales.</param>
/// <param name="Axis">Along which they differ, or null.</param>
/// <param name="IsPacked">Whether levels are two to a byte.</param>
sealed record IntegerWeight(string Name, string Scale, string? ZeroPoint, float[] Scales, int? Axis, bool IsPacked);

/// <summary>The scales of a weight in integers.</summary>
/// <param name="Scales">One, or one for each channel.</param>
/// <param name="Spread">How many steps of these are one level of the quantizer.</param>
/// <param name="IsPacked">Whether levels are two to a byte.</param>
/// <param name="IsUnchanged">Whether the scales are the quantizer's own.</param>
sealed record WeightFitting(float[] Scales, int Spread, bool IsPacked, bool IsUnchanged);

/// <summary>The tensors of a graph with integers: those of the graph in floats, and what takes their places.</summary>
sealed class IntegerTensors(ModelGraph graph, FreeNames names)
{
    // A bias keeps 30 bits, so that a sum of products still fits beside it into 32.
    const double LargestBias = 1 << 30;

    // Levels of 7 bits: products of two of them fit into 16 bits on processors that add them up in pairs.
    const int LargestSpread = 64;

    readonly List<Initializer> added = [];
    readonly Dictionary<string, Initializer> replaced = new(StringComparer.Ordinal);
    readonly Dictionary<(ElementType, int, int), string> numbers = [];

    /// <summary>All tensors, in the graph's order, new ones last.</summary>
    public IEnumerable<Initializer> All =>
        graph.Initializers.Select(tensor => replaced.GetValueOrDefault(tensor.Name, tensor)).Concat(added);

    /// <summary>The scales of a quantization.</summary>
    /// <exception cref="InvalidPayloadException">They are not an initializer of positive and finite floats.</exception>
    public float[] Scales(Node quantize)
    {
        var scales = graph.FindFloats(quantize.Input(1))
            ?? throw new InvalidPayloadException($"The scales of {quantize} must be an initializer of floats.");
        foreach (float scale in scales.Floats)
        {
            if (!(scale > 0 && float.IsFinite(scale)))
                throw new InvalidPayloadException($"The scales of {quantize} must be positive and finite, but one is {scale}.");
        }

        return scales.Length > 0 ? scales.Floats.ToArray() : throw new InvalidPayloadException($"The {quantize} has no scale.");
    }

    /// <summary>The scale of an activation's levels.</summary>
    public float ScaleOf(QdqWriter.Levels levels) => graph.FindInitializer(levels.Scale)!.Floats[0];

    /// <summary>The scales that a weight's levels can have beside a bias.</summary>
    /// <param name="quantize">The node that quantizes it.</param>
    /// <param name="packed">Whether few bits are packed.</param>
    /// <param name="bias">The layer's bias, or null.</param>
    /// <param name="inputScale">The scale of the layer's input, or 0.</param>
    public WeightFitting Fit(Node quantize, bool packed, Initializer? bias, float inputScale)
    {
        var quantizer = FakeQuantizer.Of(quantize);
        bool halves = packed && quantizer.Bits <= QdqLowering.MaxPackedBits;
        int spread = halves || bias is null || inputScale == 0 || !quantizer.Signed ? 1 : SpreadOf(quantizer);
        float[] scales = [.. Scales(quantize).Select(scale => scale / spread)], raised = Raised(scales, bias, inputScale);
        return new(raised, spread, halves, spread == 1 && raised.AsSpan().SequenceEqual(scales));
    }

    /// <summary>A weight's levels, in place of the weight.</summary>
    /// <param name="quantize">The node that quantizes it.</param>
    /// <param name="fit">Its scales.</param>
    /// <param name="keepsName">Whether nothing else reads the weight.</param>
    /// <param name="says0">Whether a zero point of 0 is written out: ONNX Runtime fuses matrix products only with one.</param>
    public IntegerWeight Weight(Node quantize, WeightFitting fit, bool keepsName, bool says0)
    {
        var weight = graph.FindFloats(quantize.Inputs[0])
            ?? throw new InvalidPayloadException($"The {quantize} quantizes a tensor that is not of floats.");
        var quantizer = FakeQuantizer.Of(quantize);
        int? axis = graph.FindInitializer(quantize.Inputs[1])!.Shape.Count == 0 ? null : Axis(quantize, weight);
        byte[] levels = LevelsOf(weight, quantizer, fit.Scales, axis, fit.Spread);
        var type = (fit.IsPacked, quantizer.Signed) switch
        {
            (true, true) => ElementType.Int4,
            (true, false) =>
            ElementType.UInt4,
            (false, true) => ElementType.Int8,
            _ => ElementType.UInt8
        };
        string name = Place(weight.Name, keepsName,
            each => new(each, type, weight.Shape, fit.IsPacked ? HalfBytes.Pack(levels) : levels));
        string scale = fit.IsUnchanged
            ? quantize.Inputs[1] : Place(quantize.Inputs[1], keepsName: false,
                each => Initializer.Of(each, axis is null ? [] : [fit.Scales.Length], fit.Scales));
        string? zeroPoint = quantizer.ZeroPoint == 0 && !(says0 && !fit.IsPacked) ? null
            : Number(type, quantizer.ZeroPoint, axis is null ? 0 : fit.Scales.Length);
        return new(name, scale, zeroPoint, fit.Scales, axis, fit.IsPacked);
    }

    /// <summary>A bias as integers with the scale of the products; null where it does not fit.</summary>
    public (string Integer, string Scale)? Bias(Initializer bias, float inputScale, IntegerWeight weight, bool keepsName) =>
        PlaceBias(bias, [.. weight.Scales.Select(scale => scale * inputScale)], weight.Axis is not null, keepsName);

    /// <summary>
    /// A bias as integers with the finest scale there is. Where ONNX Runtime finds a float instead, it rounds it to products of
    /// scales, even if it then computes in floats.
    /// </summary>
    public (string Integer, string Scale)? FineBias(Initializer bias, bool keepsName)
    {
        double scale = LargestMagnitude(bias, null) / LargestBias;
        return PlaceBias(bias, [scale > 0 ? (float)scale : 1], isPerChannel: false, keepsName);
    }

    (string Integer, string Scale)? PlaceBias(Initializer bias, float[] scales, bool isPerChannel, bool keepsName)
    {
        if (bias.Shape.Count != 1 || (isPerChannel && bias.Length != scales.Length))
            return null;
        int[] levels = new int[bias.Length];
        for (int i = 0; i < levels.Length; i++)
        {
            double level = Math.Round(bias.Floats[i] / (double)scales[isPerChannel ? i : 0]);
            if (!(Math.Abs(level) <= int.MaxValue))
                return null;
            levels[i] = (int)level;
        }

        string integer = Place(bias.Name, keepsName,
            each => new(each, ElementType.Int32, bias.Shape, MemoryMarshal.AsBytes(levels.AsSpan()).ToArray()));
        return (integer, Place($"{bias.Name}_scale", keepsName: false,
            each => Initializer.Of(each, isPerChannel ? [scales.Length] : [], scales)));
    }

    /// <summary>A scalar, or the number so many times; the same is one tensor.</summary>
    public string Number(ElementType type, int value, int times = 0)
    {
        if (!numbers.TryGetValue((type, value, times), out string? name))
        {
            name = names.Take($"{type.ToString().ToLowerInvariant()}_{value}{(times > 0 ? $"x{times}" : "")}");
            byte[] levels = new byte[Math.Max(1, times)];
            levels.AsSpan().Fill(unchecked((byte)value));
            added.Add(new(name, type, times > 0 ? [times] : [], type.IsHalfByte() ? HalfBytes.Pack(levels) : levels));
            numbers.Add((type, value, times), name);
        }

        return name;
    }

    /// <summary>The bounds of levels that are fewer than 8 bits can say; null where all are used.</summary>
    public (string Low, string High)? ClipBounds(FakeQuantizer quantizer)
    {
        var type = quantizer.Signed ? ElementType.Int8 : ElementType.UInt8;
        string low = quantizer.Lowest == 0 ? "" : Number(type, quantizer.Lowest), high = quantizer.Highest == byte.MaxValue ? ""
            : Number(type, quantizer.Highest);
        return low.Length + high.Length == 0 ? null : (low, high);
    }

    // A bias is rounded to whole products of scales, which are coarse where bits are few: the same weights with levels apart by
    // a power of two and a scale as much finer leave it exact.
    static int SpreadOf(FakeQuantizer quantizer)
    {
        int spread = 1;
        while (2 * spread * quantizer.Highest <= LargestSpread)
            spread *= 2;
        return spread;
    }

    // A channel of next to nothing would put its bias out of 32 bits; with a larger scale its weights lose less than the bias's
    // rounding.
    static float[] Raised(float[] scales, Initializer? bias, float inputScale) =>
        bias is null || inputScale == 0 || (scales.Length != 1 && scales.Length != bias.Length)
        ? scales
        : [.. scales.Select((scale, channel) =>
            Math.Max(scale, (float)(LargestMagnitude(bias, scales.Length == 1 ? null : channel) / LargestBias / inputScale)))];

    static double LargestMagnitude(Initializer bias, int? channel) => channel is { } one ? Math.Abs(bias.Floats[one])
        : bias.Floats.ToArray().Max(Math.Abs);

    static byte[] LevelsOf(Initializer weight, FakeQuantizer quantizer, float[] scales, int? axis, int spread)
    {
        var channels = new Channels(weight.Shape, axis);
        var values = weight.Floats;
        byte[] levels = new byte[values.Length];
        for (int i = 0; i < levels.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                throw new InvalidPayloadException($"Weight '{weight.Name}' cannot be quantized: value {i} is {values[i]}.");
            levels[i] = unchecked((byte)(spread
                * quantizer.LevelOf(values[i], scales[axis is null ? 0 : channels.Of(i)] * spread)));
        }

        return levels;
    }

    static int Axis(Node quantize, Initializer weight)
    {
        long axis = quantize.Int("axis", 1), rank = weight.Shape.Count;
        axis = axis < 0 ? axis + rank : axis;
        return axis >= 0 && axis < rank ? (int)axis
            : throw new InvalidPayloadException(
                $"The {quantize} has scales along axis {axis}, but '{weight.Name}' has {rank} dimensions.");
    }

    string Place(string name, bool keepsName, Func<string, Initializer> make)
    {
        string placed = keepsName ? name : names.Take(name);
        if (keepsName)
            replaced[name] = make(placed);
        else
            added.Add(make(placed));
        return placed;
    }
}
