namespace Plume.Cli.Errors;

/// <summary>Ends the command with one message for the user and a numbered exit code.</summary>
sealed class CliException(ExitCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    public ExitCode Code => code;
}
