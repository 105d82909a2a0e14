using Plume.Compression.Wording;


namespace Plume.Cli.Errors;

/// <summary>What a library refuses as an argument is, on the command line, an input or a choice that does not fit.</summary>
static class InputErrors
{
    /// <summary>Does the work, and turns a refused argument into a message for the user.</summary>
    /// <param name="work">The work.</param>
    /// <param name="code">What the command then ends with.</param>
    /// <exception cref="CliException">An argument was refused.</exception>
    public static T Explain<T>(Func<T> work, ExitCode code = ExitCode.Input)
    {
        try
        {
            return work();
        }
        catch (ArgumentException misfit)
        {
            throw new CliException(code, Sentence(misfit), misfit);
        }
    }

    /// <summary>
    /// What was refused and why, without the parameter's name and value, which the framework adds and which mean nothing to a
    /// user.
    /// </summary>
    public static string Sentence(ArgumentException misfit) =>
        Printable.Line(misfit.Message.LastIndexOf(" (Parameter '", StringComparison.Ordinal) is >= 0 and var end
            ? misfit.Message[..end] : misfit.Message);
}
