using System.Globalization;
using Plume.Compression.Wire;
using Plume.Models.Onnx.Messages;

namespace Plume.Models.Onnx;

/// <summary>
/// Tensors in files beside the model's, as large models have them (<c>model.onnx.data</c>). A file must lie in the model's folder
/// or below it, also behind links; what is asked for must be there before memory is taken for it.
/// </summary>
/// <remarks>Source: the ONNX specification, "External Data".</remarks>
/// <param name="folder">The model's folder.</param>
sealed class ExternalData(string folder) : IDisposable
{
    readonly Dictionary<string, (FileStream Stream, long Left)> files = new(StringComparer.Ordinal);
    readonly Dictionary<(string, long, long), byte[]> parts = [];

    /// <summary>The bytes of a tensor.</summary>
    /// <exception cref="InvalidPayloadException">The place leaves the folder, or the file is missing or too short.</exception>
    public ReadOnlyMemory<byte> Read(TensorProto tensor, long bytes, string place)
    {
        string location = Find(tensor, "location")
            ?? throw ModelReader.Broken($"{place}, external_data", "without a location", "must name a file");
        long offset = Number(tensor, "offset", place) ?? 0;
        long length = Number(tensor, "length", place) ?? bytes;
        if (length != bytes)
            throw ModelReader.Broken($"{place}, external_data", $"{length} bytes long",
                $"must be {bytes} bytes long for its shape and type");
        string path = Resolve(location, place);
        if (parts.TryGetValue((path, offset, length), out var known))
            return known;
        // What is no regular file has no length, and is never opened.
        long size = new FileInfo(path) is { Exists: true } file ? file.Length
            : throw ModelReader.Broken($"{place}, external_data", $"in '{location}', which is not there",
                "must be in a file beside the model; keep the two together");
        if (offset > size - length)
            throw ModelReader.Broken($"{place}, external_data", $"bytes {offset} to {offset + (decimal)length} of '{location}'",
                $"must lie within its {size} bytes");
        var part = new byte[length];
        if (length == 0)
            return part;
        if (!files.TryGetValue(path, out var opened))
            opened = (new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1), size);
        files[path] = (opened.Stream, opened.Left - length);
        if (length > opened.Left)
            throw ModelReader.Broken($"{place}, external_data", $"in a part of '{location}' that others have",
                "must have bytes of its own, or exactly those of another");
        opened.Stream.Position = offset;
        opened.Stream.ReadExactly(part);
        return parts[(path, offset, length)] = part;
    }

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        foreach (var (stream, _) in files.Values)
            stream.Dispose();
    }

    static string? Find(TensorProto tensor, string key) => tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value;

    static long? Number(TensorProto tensor, string key, string place) => Find(tensor, key) is not { } text
        ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw ModelReader.Broken($"{place}, external_data '{key}'", $"'{text}'", "must be a whole number of bytes");

    // A name is judged by its words first, so that nothing outside is so much as looked at.
    string Resolve(string location, string place)
    {
        string[] words = location.Split('/', '\\');
        if (location.Length == 0 || Path.IsPathRooted(location) || location.Contains(':') || location.Contains('\0')
            || words.Any(word => word is ".." or ""))
            throw ModelReader.Broken($"{place}, external_data", $"in '{location}'",
                "must be in a file beside the model, without '..'");
        string path = Path.GetFullPath(Path.Combine([folder, .. words]));
        string inside = Real(Path.GetFullPath(folder)), real = Real(path);
        return real.StartsWith(Path.EndsInDirectorySeparator(inside) ? inside
            : inside + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? real
            : throw ModelReader.Broken($"{place}, external_data", $"in '{location}', a link that leaves the folder",
                "must be in a file beside the model");
    }

    // The path without links in any of its parts.
    static string Real(string path)
    {
        string root = Path.GetPathRoot(path)!, real = root;
        foreach (string word in path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var part = new DirectoryInfo(Path.Combine(real, word));
            real = part.LinkTarget is null ? part.FullName : Real(part.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
        }

        return real;
    }
}
