using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Plume.Compression.Wire;

namespace Plume.Learning.Inference;

/// <summary>
/// An array of numbers of any kind as NumPy saves it, row-major, read as floats: what a model's inputs are given as.
/// </summary>
/// <param name="Shape">Dimensions; empty for a scalar.</param>
/// <param name="Values">The values; integers beyond 2^24 are rounded.</param>
/// <remarks>
/// Source: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays"; a .npz file is a zip archive of these.
/// </remarks>
public sealed partial record NumpyArray(IReadOnlyList<int> Shape, float[] Values)
{
    const int Magic = 6, MostHeader = 10_000;

    /// <summary>The kind of the numbers as NumPy writes it: <c>f4</c>, <c>i8</c>, <c>u1</c>.</summary>
    public string Kind { get; private init; } = "f4";

    /// <summary>Whether they are bytes, from 0 to 255, as pictures are kept.</summary>
    public bool IsBytes => Kind == "u1";

    // What one array of floats can hold.
    const long MostBytes = 1L << 31;

    /// <summary>Reads a file for each name.</summary>
    /// <exception cref="InvalidPayloadException">A file is no such array; the message names it.</exception>
    public static Dictionary<string, NumpyArray> ReadAll(IReadOnlyDictionary<string, string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return files.ToDictionary(file => file.Key, file => Parse(file.Value, File.ReadAllBytes(file.Value)),
            StringComparer.Ordinal);
    }

    /// <summary>Reads an archive: its members' names without .npy name the arrays.</summary>
    /// <exception cref="InvalidPayloadException">The file is no such archive.</exception>
    public static Dictionary<string, NumpyArray> ReadZip(string path)
    {
        try
        {
            using var archive = ZipFile.OpenRead(path);
            var arrays = new Dictionary<string, NumpyArray>(StringComparer.Ordinal);
            foreach (var entry in archive.Entries)
            {
                string name = entry.FullName.EndsWith(".npy", StringComparison.Ordinal) ? entry.FullName[..^4] : entry.FullName;
                if (!arrays.TryAdd(name, Parse($"{path}, {entry.FullName}", Unpacked(path, entry))))
                    throw new InvalidPayloadException($"File '{path}' has two arrays named '{name}'.");
            }

            return arrays;
        }
        catch (InvalidDataException damage)
        {
            throw new InvalidPayloadException($"File '{path}' is no whole .npz archive: {damage.Message}", damage);
        }
    }

    // Deflate makes at most 1,032 bytes of one: what declares more is no array.
    static byte[] Unpacked(string path, ZipArchiveEntry entry)
    {
        if (entry.Length > MostBytes || entry.Length > 1032 * (entry.CompressedLength + 1))
            throw new InvalidPayloadException($"File '{path}': '{entry.FullName}' cannot have {entry.Length} bytes.");
        byte[] bytes = new byte[entry.Length];
        using var stream = entry.Open();
        stream.ReadExactly(bytes);
        return bytes;
    }

    static NumpyArray Parse(string name, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Magic + 6 || bytes[0] != 0x93 || !bytes[1..Magic].SequenceEqual("NUMPY"u8) || bytes[Magic] is < 1
            or > 3)
            throw Broken(name, "it does not begin as one");
        int wide = bytes[Magic] == 1 ? 2 : 4;
        long length = wide == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[(Magic + 2)..])
            : BinaryPrimitives.ReadUInt32LittleEndian(bytes[(Magic + 2)..]);
        int start = Magic + 2 + wide;
        if (length > MostHeader || start + length > bytes.Length)
            throw Broken(name, $"its header of {length} bytes is longer than the file or than {MostHeader}");
        string header = Encoding.Latin1.GetString(bytes.Slice(start, (int)length));
        var type = TypePattern().Match(header);
        var shape = ShapePattern().Match(header);
        if (!type.Success || !shape.Success || !OrderPattern().IsMatch(header))
            throw Broken(name, $"its header must have a descr of numbers, fortran_order False and a shape, but is {header.Trim()}");
        return new NumpyArray(DimensionsOf(name, shape.Groups[1].Value), [])
            .Filled(name, type.Groups[1].Value, bytes[(start + (int)length)..]);
    }

    static int[] DimensionsOf(string name, string text)
    {
        var dimensions = new List<int>();
        foreach (string each in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            dimensions.Add(int.TryParse(each, NumberStyles.None, CultureInfo.InvariantCulture, out int length) ? length
                : throw Broken(name, $"its shape is ({text})"));
        return [.. dimensions];
    }

    NumpyArray Filled(string name, string type, ReadOnlySpan<byte> data)
    {
        int size = type[1] == '1' ? 1 : type[^1] - '0';
        double count = Shape.Aggregate(1.0, (product, length) => product * length);
        if (count * size != data.Length)
            throw Broken(name, $"a shape of ({string.Join(", ", Shape)}) and values of {size} bytes need {count * size} bytes, "
                + $"but it has {data.Length}");
        float[] values = new float[(int)count];
        for (int i = 0; i < values.Length; i++)
            values[i] = ValueOf(type, data[(i * size)..]);
        return this with { Values = values, Kind = type };
    }

    static float ValueOf(string type, ReadOnlySpan<byte> at) => type switch
    {
        "f4" => BinaryPrimitives.ReadSingleLittleEndian(at),
        "f8" => (float)BinaryPrimitives.ReadDoubleLittleEndian(at),
        "f2" => (float)BinaryPrimitives.ReadHalfLittleEndian(at),
        "i8" => BinaryPrimitives.ReadInt64LittleEndian(at),
        "i4" => BinaryPrimitives.ReadInt32LittleEndian(at),
        "i2" => BinaryPrimitives.ReadInt16LittleEndian(at),
        "i1" => (sbyte)at[0],
        "u8" => BinaryPrimitives.ReadUInt64LittleEndian(at),
        "u4" => BinaryPrimitives.ReadUInt32LittleEndian(at),
        "u2" => BinaryPrimitives.ReadUInt16LittleEndian(at),
        _ => at[0],
    };

    static InvalidPayloadException Broken(string name, string what) =>
        new($"File '{name}' is no whole, row-major, little-endian .npy array of numbers: {what}.");

    [GeneratedRegex(@"'descr':\s*'[<|](f2|f4|f8|[iu][1248]|b1)'")]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"'shape':\s*\(([^)]*)\)")]
    private static partial Regex ShapePattern();

    [GeneratedRegex(@"'fortran_order':\s*False")]
    private static partial Regex OrderPattern();
}
