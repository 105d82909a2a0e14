using System.Globalization;
using Plume.Cli.Errors;
using Plume.Compression.Files;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;

namespace Plume.Cli.Runs;

/// <summary>
/// A folder with the updates of a run as they were before feedback and codec: one safetensors file for each round and
/// client, in the order of which their names sort. What <c>plume bench codec</c> measures codecs on.
/// </summary>
sealed class UpdateDump : IDisposable
{
    const int FewestDigits = 3;
    const string Pattern = "round-*-client-*.safetensors";

    readonly OutputFolder output;
    readonly string folder;
    readonly string roundFormat, clientFormat;
    bool isKept;

    UpdateDump(OutputFolder output, int rounds, int clients)
    {
        this.output = output;
        folder = output.Make();
        (roundFormat, clientFormat) = (Format(rounds), Format(clients - 1));
    }

    /// <summary>Makes the folder where there is none.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="rounds">The run's rounds.</param>
    /// <param name="clients">The run's clients.</param>
    /// <param name="resumed">Whether the updates that are there may be those of the run's rounds so far.</param>
    /// <exception cref="CliException">It has updates already, or cannot be written.</exception>
    public static UpdateDump Open(string path, int rounds, int clients, bool resumed)
    {
        var dump = new UpdateDump(new OutputFolder(path, "folder of updates", "--dump-updates"), rounds, clients)
        {
            isKept = resumed,
        };
        if (!resumed && Directory.EnumerateFiles(dump.folder, Pattern).Any())
            throw new CliException(ExitCode.Output,
                $"A run's updates need a folder without others, but '{path}' has some. Name another with --dump-updates, or "
                    + $"remove them.");
        try
        {
            dump.output.CheckWritable();
            return dump;
        }
        catch
        {
            dump.Dispose();
            throw;
        }
    }

    /// <summary>Lets the updates stay, whatever comes.</summary>
    public void Keep() => isKept = true;

    /// <summary>Removes the updates and folders of a run that is not kept.</summary>
    public void Dispose()
    {
        if (isKept || !Directory.Exists(folder))
            return;
        foreach (string file in Directory.GetFiles(folder, Pattern))
            File.Delete(file);
        output.Unmake();
    }

    /// <summary>Writes one update, whole or not at all; a round that is run again after a resume writes the same.</summary>
    /// <exception cref="CliException">The disk refused.</exception>
    public void Write(int round, int client, ModelWeights update)
    {
        string name = $"round-{Number(round, roundFormat)}-client-{Number(client, clientFormat)}.safetensors";
        byte[] bytes = Safetensors.Write(update);
        output.Try(() =>
        {
            AtomicFile.Write(Path.Combine(folder, name), bytes);
            return name;
        });
    }

    static string Number(int number, string format) => number.ToString(format, CultureInfo.InvariantCulture);

    static string Format(int largest) => $"D{Math.Max(FewestDigits, $"{largest}".Length)}";
}
