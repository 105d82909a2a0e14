namespace Plume.Cli.Errors;

/// <summary>What a library refuses as an argument is, on the command line, an input that does not fit.</summary>
static class InputErrors
{
    /// <summary>Does the work, and turns a refused argument into a message for the user.</summary>
    /// <exception cref="CliException">An argument was refused.</exception>
    public static T Explain<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (ArgumentException misfit)
        {
            throw new CliException(ExitCode.Input, misfit.Message.Split(" (Parameter '", 2)[0].Split('\n', 2)[0], misfit);
        }
    }
}
