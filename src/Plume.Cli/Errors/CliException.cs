using Plume.Compression.Wording;


namespace Plume.Cli.Errors;

/// <summary>Ends the command with one message for the user and a numbered exit code.</summary>
sealed class CliException(ExitCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>A message in which names of others are made printable.</summary>
    public CliException(ExitCode code, MessageText message, Exception? inner = null) : this(code, message.ToString(), inner)
    {
    }

    public ExitCode Code => code;
}
