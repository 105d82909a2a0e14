using System.Globalization;
using Parquet;
using Parquet.Schema;
using Plume.Compression.Wire;
using Plume.Compression.Wording;

namespace Plume.Learning.Data.Tables.Files;

/// <summary>
/// The rows of a Parquet file, by Parquet.Net: one row group in memory at a time, of that the columns that are asked for. A
/// column with others inside, of lists or of bytes is refused where it is asked for.
/// </summary>
sealed class ParquetRows : TableRows
{
    // A group declares its rows before it has any.
    const long MostRows = 100_000_000;

    readonly ParquetReader reader;
    readonly IReadOnlyList<Field> fields;
    readonly string[] header;
    readonly Func<int, string>?[] columns;
    ParquetRowGroupReader? group;
    int groups, row = -1;
    long before;

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidPayloadException">It is no Parquet file, or damaged.</exception>
    public ParquetRows(string path) : base(path)
    {
        ParquetFooter.Check(path);
        reader = Guarded(() => Finished(ParquetReader.CreateAsync(path)));
        try
        {
            fields = Guarded(() => reader.Schema.Fields);
        }
        catch
        {
            Dispose();
            throw;
        }

        header = [.. fields.Select(field => field.Name)];
        columns = new Func<int, string>?[header.Length];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Header => header;

    /// <inheritdoc/>
    public override int Count => header.Length;

    /// <inheritdoc/>
    public override ReadOnlySpan<char> this[int index] => (columns[index] ??= Read(index))(row).AsSpan().Trim();

    /// <inheritdoc/>
    protected override string Place => group is null ? "header" : $"row {before + row + 1}";

    /// <inheritdoc/>
    public override bool Next()
    {
        row++;
        while (group is null || row >= group.RowCount)
        {
            before += group?.RowCount ?? 0;
            group?.Dispose();
            group = null;
            if (groups == reader.RowGroupCount)
                return false;
            group = Guarded(() => reader.OpenRowGroupReader(groups++));
            if (group.RowCount is < 0 or > MostRows)
                throw new InvalidPayloadException($"File '{Path}' has a group of {group.RowCount} rows; {MostRows} are the most.");
            Array.Clear(columns);
            row = 0;
        }

        return true;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        group?.Dispose();
        reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    // The column's cells in this group, by row.
    Func<int, string> Read(int index)
    {
        if (fields[index] is not DataField { IsArray: false, MaxRepetitionLevel: 0 } field)
            throw Refused(index, "has columns or lists inside");
        var type = field.ClrType;
        return type == typeof(ReadOnlyMemory<char>) || type == typeof(string) ? Texts(field)
            : type == typeof(double) ? Values<double>(field) : type == typeof(float) ? Values<float>(field)
            : type == typeof(long) ? Values<long>(field) : type == typeof(int) ? Values<int>(field)
            : type == typeof(short) ? Values<short>(field) : type == typeof(sbyte) ? Values<sbyte>(field)
            : type == typeof(ulong) ? Values<ulong>(field) : type == typeof(uint) ? Values<uint>(field)
            : type == typeof(ushort) ? Values<ushort>(field) : type == typeof(byte) ? Values<byte>(field)
            : type == typeof(bool) ? Values<bool>(field) : type == typeof(decimal) ? Values<decimal>(field)
            : type == typeof(DateTime) ? Values<DateTime>(field) : type == typeof(DateOnly) ? Values<DateOnly>(field)
            : type == typeof(Guid) ? Values<Guid>(field)
            : throw Refused(index, $"holds values of type {type.Name}");
    }

    InvalidPayloadException Refused(int index, string problem) =>
        Error(index, $"'{Printable.Name(header[index])}' {problem}, where numbers, texts or truths must be; leave the column out, or "
            + "write flat ones");

    Func<int, string> Values<T>(DataField field) where T : struct
    {
        var values = new T?[group!.RowCount];
        Guarded(() => Finished(group.ReadAsync<T>(field, values.AsMemory()).AsTask()));
        return at => values[at] is not { } value ? ""
            : value is DateTime time ? time.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture)
            : Convert.ToString(value, CultureInfo.InvariantCulture)!;
    }

    Func<int, string> Texts(DataField field)
    {
        var values = new string?[group!.RowCount];
        Guarded(() => Finished(group.ReadAsync(field, values!).AsTask()));
        return at => values[at] ?? "";
    }

    static T Finished<T>(Task<T> task) => task.GetAwaiter().GetResult();

    static bool Finished(Task task)
    {
        task.GetAwaiter().GetResult();
        return true;
    }

    // What a damaged file makes the library throw is of many kinds.
    T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception damage) when (damage is not OutOfMemoryException)
        {
            throw new InvalidPayloadException($"File '{Path}' is no Parquet file, or is damaged: {damage.Message}", damage);
        }
    }
}
