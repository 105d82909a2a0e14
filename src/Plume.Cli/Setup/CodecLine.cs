using Plume.Cli.Errors;
using Plume.Compression.Codecs;

namespace Plume.Cli.Setup;

/// <summary>A codec's line as a user wrote it on the command line.</summary>
static class CodecLine
{
    /// <summary>Reads the line.</summary>
    /// <exception cref="CliException">It breaks a rule of the notation; the message has the column.</exception>
    public static Codec Parse(string line)
    {
        try
        {
            return Codec.Parse(line);
        }
        catch (FormatException mistake)
        {
            throw new CliException(ExitCode.Usage, mistake.Message, mistake);
        }
    }

    /// <summary>Does what a codec may refuse for the values at hand.</summary>
    /// <exception cref="CliException">The codec does not fit the values.</exception>
    public static T Apply<T>(Func<T> work) => InputErrors.Explain(work, ExitCode.Usage);
}
