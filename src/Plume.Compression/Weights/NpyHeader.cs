using System.Globalization;
using System.Text;
using Plume.Compression.Container;

namespace Plume.Compression.Weights;

/// <summary>
/// The header of a <see cref="NpyFile"/>: a Python dictionary with exactly the keys <c>descr</c>, <c>fortran_order</c> and
/// <c>shape</c>, in any order, blanks and a line feed after it.
/// </summary>
ref struct NpyHeader
{
    const int Alignment = 64, MaximumRank = 32;

    readonly ReadOnlySpan<byte> text;
    readonly int start;
    int at;

    NpyHeader(ReadOnlySpan<byte> text, int start)
    {
        this.text = text;
        this.start = start;
    }

    /// <summary>The shape that the header declares, once all else in it is as it must be.</summary>
    /// <param name="text">The header's bytes.</param>
    /// <param name="start">Where they begin in the file, for messages.</param>
    /// <exception cref="InvalidPayloadException">The text breaks a rule.</exception>
    public static int[] ReadShape(ReadOnlySpan<byte> text, int start)
    {
        if (text.IsEmpty || text[^1] != '\n')
            throw InvalidPayloadException.Field("header", start, $"{text.Length} bytes", "must end with a line feed");
        return new NpyHeader(text, start).ReadDictionary();
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
        string dimensions = string.Join(", ", shape.ToArray()) + (shape.Length == 1 ? "," : "");
        string dictionary = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({dimensions}), }}";
        int length = (before + dictionary.Length + Alignment) / Alignment * Alignment - before;
        return Encoding.ASCII.GetBytes(dictionary.PadRight(length - 1) + "\n");
    }

    int[] ReadDictionary()
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
                    throw InvalidPayloadException.Field("header", place, $"key '{key}'", "must be descr, fortran_order and shape, each once");
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
            ? shape
            : throw InvalidPayloadException.Field("header", start, "a dictionary with less", "must have descr, fortran_order and shape");
    }

    void ReadType()
    {
        int place = Place();
        string type = ReadString();
        if (type != "<f4")
            throw InvalidPayloadException.Field("descr", place, $"'{type}'", "must be '<f4', 32-bit floats; in NumPy, save array.astype('<f4')");
    }

    void ReadOrder()
    {
        int place = Place();
        if (text[at..].StartsWith("True"u8))
            throw InvalidPayloadException.Field("fortran_order", place, "True", "must be False; in NumPy, save numpy.ascontiguousarray(array)");
        if (!text[at..].StartsWith("False"u8))
            throw InvalidPayloadException.Field("fortran_order", place, Next(), "must be False");
        at += "False".Length;
    }

    int[] ReadTuple()
    {
        var dimensions = new List<int>();
        bool comma = false;
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
            throw InvalidPayloadException.Field("shape", Place(), $"({dimensions[0]})", "must be a tuple: a single dimension has a comma after it");
        return [.. dimensions];
    }

    int ReadDimension()
    {
        int place = Place(), first = at;
        while (at < text.Length && char.IsAsciiDigit((char)text[at]))
            at++;
        return int.TryParse(text[first..at], NumberStyles.None, CultureInfo.InvariantCulture, out int dimension)
            ? dimension
            : throw InvalidPayloadException.Field("shape", place, at == first ? Next() : "a dimension beyond it", $"must have dimensions from 0 to {int.MaxValue}");
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

    readonly string Next() => at == text.Length ? "at its end" : $"'{(char)text[at]}'";
}
