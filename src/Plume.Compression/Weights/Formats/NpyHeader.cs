using System.Globalization;
using System.Text;
using Plume.Compression.Wire;

namespace Plume.Compression.Weights.Formats;

/// <summary>
/// The header of a <see cref="NpyFile"/>: a Python dictionary with exactly the keys <c>descr</c>, <c>fortran_order</c> and
/// <c>shape</c>, in any order, blanks and a line feed after it.
/// </summary>
ref struct NpyHeader
{
    /// <summary>Most bytes of a header: what NumPy itself reads by default.</summary>
    public const int MaximumLength = 10_000;

    const int Alignment = 64, MaximumRank = 32, LongestQuote = 32;

    readonly ReadOnlySpan<byte> text;
    readonly int start;
    readonly bool anyForm;
    bool isDouble, isColumnMajor;
    int at, shapeAt;

    NpyHeader(ReadOnlySpan<byte> text, int start, bool anyForm)
    {
        this.text = text;
        this.start = start;
        this.anyForm = anyForm;
    }

    /// <summary>What the header declares.</summary>
    /// <param name="text">The header's bytes.</param>
    /// <param name="start">Where they begin in the file, for messages.</param>
    /// <param name="anyForm">Whether doubles and column-major order are taken too, beside row-major floats.</param>
    /// <exception cref="InvalidPayloadException">The text breaks a rule.</exception>
    public static NpyForm Read(ReadOnlySpan<byte> text, int start, bool anyForm)
    {
        if (text.Length > MaximumLength)
            throw InvalidPayloadException.Field("header", start, $"{text.Length} bytes", $"must have at most {MaximumLength}");
        if (text.IsEmpty || text[^1] != '\n')
            throw InvalidPayloadException.Field("header", start, $"{text.Length} bytes", "must end with a line feed");
        return new NpyHeader(text, start, anyForm).ReadDictionary();
    }

    /// <summary>Values of the shape: the product of its dimensions, capped above what any file holds.</summary>
    public static long CountOf(ReadOnlySpan<int> shape)
    {
        if (shape.Contains(0))
            return 0;
        long count = 1;
        foreach (int dimension in shape)
            count = Math.Min(count * dimension, 1L << 31);
        return count;
    }

    /// <summary>The header of a row-major array of floats, with blanks so that the values after it are aligned.</summary>
    public static byte[] Write(ReadOnlySpan<int> shape, int before)
    {
        string dictionary = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {Tuple(shape)}, }}";
        int length = (before + dictionary.Length + Alignment) / Alignment * Alignment - before;
        return Encoding.ASCII.GetBytes(dictionary.PadRight(length - 1) + "\n");
    }

    /// <summary>A shape as Python writes it, for example <c>(3,)</c>.</summary>
    public static string Tuple(ReadOnlySpan<int> shape) =>
        $"({string.Join(", ", shape.ToArray())}{(shape.Length == 1 ? "," : "")})";

    NpyForm ReadDictionary()
    {
        int[]? shape = null;
        bool descr = false, order = false;
        Expect('{');
        while (!Take('}'))
        {
            int place = Place();
            string key = ReadString();
            Expect(':');
            switch (key)
            {
                case "descr" when !descr:
                    descr = true;
                    ReadType();
                    break;
                case "fortran_order" when !order:
                    order = true;
                    ReadOrder();
                    break;
                case "shape" when shape is null:
                    shape = ReadTuple();
                    break;
                default:
                    throw InvalidPayloadException.Field("header", place, $"key {Quote(key)}",
                        "must be descr, fortran_order and shape, each once");
            }

            if (!Take(','))
            {
                Expect('}');
                break;
            }
        }

        int end = Place();
        if (at != text.Length)
            throw InvalidPayloadException.Field("header", end, Next(), "must be blank after its dictionary");
        return descr && order && shape is not null
            ? new NpyForm(shape, shapeAt, isDouble, isColumnMajor)
            : throw InvalidPayloadException.Field("header", start, "a dictionary with less",
                "must have descr, fortran_order and shape");
    }

    void ReadType()
    {
        int place = Place();
        string type = ReadString();
        isDouble = anyForm && type == "<f8";
        if (type != "<f4" && !isDouble)
        {
            string rule = anyForm ? "'<f4' or '<f8', little-endian floats" : "'<f4', 32-bit floats";
            throw InvalidPayloadException.Field("descr", place, Quote(type),
                $"must be {rule}; in NumPy, save array.astype('<f4')");
        }
    }

    void ReadOrder()
    {
        int place = Place();
        isColumnMajor = text[at..].StartsWith("True"u8);
        if (isColumnMajor && !anyForm)
            throw InvalidPayloadException.Field("fortran_order", place, "True",
                "must be False; in NumPy, save numpy.ascontiguousarray(array)");
        if (!isColumnMajor && !text[at..].StartsWith("False"u8))
            throw InvalidPayloadException.Field("fortran_order", place, Next(), anyForm ? "must be True or False"
                : "must be False");
        at += isColumnMajor ? "True".Length : "False".Length;
    }

    int[] ReadTuple()
    {
        var dimensions = new List<int>();
        bool comma = false;
        shapeAt = Place();
        Expect('(');
        while (!Take(')'))
        {
            if (dimensions.Count == MaximumRank)
                throw InvalidPayloadException.Field("shape", Place(), "longer", $"must have at most {MaximumRank} dimensions");
            dimensions.Add(ReadDimension());
            comma = Take(',');
            if (!comma)
            {
                Expect(')');
                break;
            }
        }

        if (dimensions.Count == 1 && !comma)
            throw InvalidPayloadException.Field("shape", Place(), $"({dimensions[0]})",
                "must be a tuple: a single dimension has a comma after it");
        return [.. dimensions];
    }

    int ReadDimension()
    {
        int place = Place(), first = at;
        while (at < text.Length && char.IsAsciiDigit((char)text[at]))
            at++;
        return int.TryParse(text[first..at], NumberStyles.None, CultureInfo.InvariantCulture, out int dimension)
            ? dimension
            : throw InvalidPayloadException.Field("shape", place, at == first ? Next()
            : "a dimension beyond it", $"must have dimensions from 0 to {int.MaxValue}");
    }

    // No key and no type that is known has an escape, so a backslash is just another wrong character.
    string ReadString()
    {
        int place = Place();
        if (at < text.Length && text[at] is (byte)'\'' or (byte)'"')
        {
            int length = text[(at + 1)..].IndexOf(text[at]);
            if (length >= 0)
            {
                string value = Encoding.Latin1.GetString(text.Slice(at + 1, length));
                at += length + 2;
                return value;
            }
        }

        throw InvalidPayloadException.Field("header", place, Next(), "must have a string in quotes there");
    }

    void Expect(char mark)
    {
        if (!Take(mark))
            throw InvalidPayloadException.Field("header", Place(), Next(), $"must have '{mark}' there");
    }

    bool Take(char mark)
    {
        Place();
        if (at == text.Length || text[at] != mark)
            return false;
        at++;
        return true;
    }

    // Skips blanks; where the next mark stands in the file.
    int Place()
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\n')
            at++;
        return start + at;
    }

    // A stranger's text goes into messages only where it is short and plain.
    static string Quote(string value) => value.Length <= LongestQuote && value.All(mark => mark is >= ' ' and <= '~')
        ? $"'{value}'" : $"a text of {value.Length} bytes";

    readonly string Next() => at == text.Length ? "at its end" : $"'{(char)text[at]}'";
}
