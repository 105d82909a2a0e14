using Plume.Cli.Errors;
using Plume.Cli.Setup.Sources;
using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Pages.Charts;

namespace Plume.Cli.Bench;

/// <summary>Values to measure codecs on, and what the user called them.</summary>
sealed record BenchInput(string Name, ModelWeights Weights)
{
    const string Endings = ".npy, .safetensors, .onnx or .plume";

    // Two copies of the values, a sum of 64-bit integers, and what encoder and decoder hold at most.
    const int BytesPerValue = 48;

    /// <summary>
    /// The files and distributions that are meant: a folder stands for the files in it, in the order of their names.
    /// </summary>
    /// <exception cref="CliException">A folder has none, or a name is of no kind that is known.</exception>
    public static List<string> Names(IEnumerable<string> named)
    {
        var names = named.SelectMany(name => Directory.Exists(name) ? FilesIn(name) : [name]).Distinct().ToList();
        foreach (string name in names)
        {
            if (!Distribution.IsMeant(name) && !HasKnownEnding(name))
                throw new CliException(ExitCode.Usage,
                    $"What is measured is a file that ends in {Endings}, a folder of such files, or a distribution such as "
                        + $"normal(10M), but '{name}' is none of them.");
        }

        return names;
    }

    /// <summary>Reads a file, or draws from a distribution.</summary>
    /// <exception cref="CliException">The values are missing, damaged, none, not finite, or too many for the memory.</exception>
    public static BenchInput Load(string name, RandomKey key)
    {
        var weights = Distribution.IsMeant(name) ? Draw(name, key) : Read(name);
        if (weights.Layout.Length == 0)
            throw new CliException(ExitCode.Input,
                $"'{name}' has no values, so there is nothing to measure. Name a file that has some.");
        CheckFinite(name, weights);
        CheckMemory(name, weights.Layout.Length);
        return new BenchInput(name, weights);
    }

    static bool HasKnownEnding(string name) =>
        Path.GetExtension(name).ToUpperInvariant() is ".NPY" or ".SAFETENSORS" or ".ONNX" or ".PLUME";

    static List<string> FilesIn(string folder)
    {
        try
        {
            List<string> files = [.. Directory.EnumerateFiles(folder).Where(HasKnownEnding).Order(StringComparer.Ordinal)];
            return files.Count > 0 ? files
                : throw new CliException(ExitCode.Input,
                    $"Folder '{folder}' has no file that ends in {Endings}, so there is nothing to measure.");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Input, $"Folder '{folder}' cannot be read: {refused.Message}", refused);
        }
    }

    static ModelWeights Draw(string name, RandomKey key)
    {
        try
        {
            var distribution = Distribution.Parse(name);
            CheckMemory(name, distribution.Count);
            return OneTensor([1, distribution.Count], distribution.Draw(key));
        }
        catch (FormatException mistake)
        {
            throw new CliException(ExitCode.Usage, mistake.Message, mistake);
        }
    }

    static ModelWeights Read(string path)
    {
        if (!Path.GetExtension(path).Equals(".npy", StringComparison.OrdinalIgnoreCase))
            return ModelFiles.Read(path).Weights;
        try
        {
            var array = NpyFile.Read(path);
            // A vector is one row: its values are no channels.
            return OneTensor(array.Shape.Count < 2 ? [1, array.Values.Length] : [.. array.Shape], array.Values);
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Input, $"'{path}' cannot be opened: {missing.Message}", missing);
        }
    }

    static ModelWeights OneTensor(int[] shape, float[] values) =>
        new(ModelLayout.Of([("values", shape, TensorRole.Weight)]), values);

    static void CheckFinite(string name, ModelWeights weights)
    {
        int strange = Array.FindIndex(weights.Values, value => !float.IsFinite(value));
        if (strange < 0)
            return;
        var tensor = weights.Layout.Tensors.Last(tensor => tensor.Offset <= strange && tensor.Length > 0);
        throw new CliException(ExitCode.Input,
            $"A codec takes finite numbers only, but in '{name}' value {strange - tensor.Offset} of tensor '{tensor.Name}' is "
                + $"{weights.Values[strange]}. Mend the file, or leave it out.");
    }

    internal static void CheckMemory(string name, long values)
    {
        long need = BytesPerValue * values, have = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (need > have)
            throw new CliException(ExitCode.Usage,
                $"To measure {values:N0} values takes about {Quantity.Bytes(need)} of memory, but there are "
                    + $"{Quantity.Bytes(have)}. Put fewer in place of '{name}'.");
    }
}
