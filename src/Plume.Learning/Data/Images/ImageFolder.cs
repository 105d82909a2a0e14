using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Learning.Data.Tables;

namespace Plume.Learning.Data.Images;

/// <summary>
/// Pictures in a folder for each class, PNG or JPEG, all of one size: values -1 to 1, channels first. Where the folder has the
/// folders
/// <c>train</c> and <c>test</c>, classes are in those.
/// </summary>
public static class ImageFolder
{
    // Pixels become (value - 127.5) / 127.5 unless a model says otherwise.
    const float Middle = 127.5f;

    /// <summary>Reads the pictures to learn from and those to measure on.</summary>
    /// <param name="folder">Where the folders of the classes are.</param>
    /// <param name="test">
    /// Which pictures are kept for measuring where the folder does not say: a share, or all of another folder, as <see cref="TestFile"/>.
    /// </param>
    /// <param name="key">Where a share is drawn from.</param>
    /// <param name="shape">Channels (1 or 3), height and width; null for those of the first picture.</param>
    /// <param name="schema">What the model takes, or null: classes are found by their names.</param>
    /// <param name="classes">Number of classes of a model that does not name them, or null.</param>
    /// <exception cref="InvalidPayloadException">A file is no picture, or of another size; the message has its path.</exception>
    /// <exception cref="IOException">A file or folder cannot be read.</exception>
    /// <exception cref="ArgumentException">The test rows are those of a column, or the shape is no picture's.</exception>
    public static (LabeledSet Train, LabeledSet Test) Load(string folder, TestRows test, RandomKey key,
        IReadOnlyList<int>? shape = null, SampleSchema? schema = null, int? classes = null)
    {
        ArgumentNullException.ThrowIfNull(test);
        string train = Path.Combine(folder, "train"), other = Path.Combine(folder, "test");
        bool isSplit = Directory.Exists(train) && Directory.Exists(other);
        if (!isSplit && test is TestColumn)
            throw new ArgumentException($"A folder of pictures has no columns, so '{test}' cannot be kept for measuring.", nameof(test));
        if (!isSplit && test is TestShare(var share))
        {
            var all = Read(folder, shape, schema, classes);
            int[] order = [.. Enumerable.Range(0, all.Count)];
            new RandomDraws(key.Fold("hold-out")).Shuffle(order.AsSpan());
            int count = Math.Max(1, (int)(share * all.Count));
            return (all.Take("train", order.AsSpan(count)), all.Take("test", order.AsSpan(0, count)));
        }

        var learned = Read(isSplit ? train : folder, shape, schema, classes);
        return (learned, Read(isSplit ? other : ((TestFile)test).Path, learned.SampleShape, learned.Schema, learned.Classes));
    }

    /// <summary>
    /// Reads all pictures to learn from: of the folder <c>train</c> where there are <c>train</c> and <c>test</c>.
    /// </summary>
    /// <inheritdoc cref="Load"/>
    public static LabeledSet LoadAll(string folder, IReadOnlyList<int>? shape = null, SampleSchema? schema = null,
        int? classes = null)
    {
        string train = Path.Combine(folder, "train");
        return Read(Directory.Exists(train) && Directory.Exists(Path.Combine(folder, "test")) ? train : folder, shape, schema, classes);
    }

    static LabeledSet Read(string folder, IReadOnlyList<int>? shape, SampleSchema? schema, int? classes)
    {
        string[] names = [.. Folders(folder).Select(path => Path.GetFileName(path))];
        if (names.Length == 0)
            throw new InvalidPayloadException($"Folder '{folder}' has no folders; pictures stand in a folder for each class.");
        var known = schema?.Classes is { } given ? new ClassNames(given) : classes is { } count
            ? ClassNames.Numbered(count) : null;
        // Where nobody says what classes there are, they are these.
        var told = known ?? new ClassNames(names);
        var files = names.SelectMany(name => Files(Path.Combine(folder, name)).Select(file => (file, Class: ClassOf(told,
            folder, name)))).ToList();
        if (files.Count == 0)
            throw new InvalidPayloadException($"Folder '{folder}' has no picture in the folders of its classes.");
        shape = Picture.Valid(shape) ?? Picture.ShapeOf(files[0].file);
        int length = shape.Aggregate(1, (product, dimension) => product * dimension);
        if ((long)length * files.Count > Array.MaxLength)
            throw new InvalidPayloadException($"Folder '{folder}' has {files.Count} pictures of {length} values, which is more than memory "
                + $"holds in one piece, {Array.MaxLength} values.");
        var normalization = schema?.Normalization ?? Normalization.Of(Middle, Middle);
        float[] values = new float[length * files.Count];
        for (int i = 0; i < files.Count; i++)
            Picture.Read(files[i].file, shape, values.AsSpan(i * length, length));
        return new LabeledSet(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), values, shape,
            [.. files.Select(file => file.Class)], schema?.Classes?.Count ?? classes ?? names.Length)
        {
            Schema = new SampleSchema { Classes = schema?.Classes ?? (classes is null ? names : null) },
        }.Normalized(normalization);
    }

    static int ClassOf(ClassNames classes, string folder, string name) => classes.IndexOf(name) is >= 0 and var index ? index
        : throw new InvalidPayloadException(
            $"Folder '{Path.Combine(folder, name)}' is none of the model's classes: {classes}.");

    // In an order that no file system decides; what systems leave in folders is no picture.
    static IEnumerable<string> Folders(string folder) => Directory.EnumerateDirectories(folder).Where(path => !IsHidden(path))
        .Order(StringComparer.Ordinal);

    static IEnumerable<string> Files(string folder) => Directory.EnumerateFileSystemEntries(folder).Where(path => !IsHidden(path))
        .Order(StringComparer.Ordinal);

    static bool IsHidden(string path) => Path.GetFileName(path) is var name && (name.StartsWith('.') || name is "Thumbs.db" or "desktop.ini");
}
