using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Plume.Client;
using Plume.Compression.Wire;
using Plume.Compression.Wording;
using Plume.Learning.Execution;
using Plume.Learning.Inference;
using Plume.Learning.Training;
using Plume.Simulation;

namespace Plume.Cli.Errors;

/// <summary>Turns whatever a command threw into one message and an exit code.</summary>
static class Failure
{
    /// <summary>Writes the message and gives the code.</summary>
    public static ExitCode Report(Exception exception, TextWriter error)
    {
        var (code, message) = Explain(exception);
        error.WriteLine($"plume: {Printable.Lines(message)}");
        if (code == ExitCode.Defect && Environment.GetEnvironmentVariable("PLUME_TRACE") == "1")
            error.WriteLine(exception);
        return code;
    }

    /// <summary>The code and the message for what a command threw.</summary>
    public static (ExitCode Code, string Message) Explain(Exception exception) => exception switch
    {
        CliException known => (known.Code, known.Message),
        ExperimentException wrong => (wrong.Problems.All(problem => problem.IsMissing) ? ExitCode.Input : ExitCode.Usage,
            wrong.Message),
        OperationCanceledException => (ExitCode.Stopped, "Stopped."),
        InvalidPayloadException or UnsupportedOperatorException or FormatException or FileNotFoundException
            or DirectoryNotFoundException => (ExitCode.Input, Printable.Line(exception.Message)),
        IOException { InnerException: AddressInUseException } taken =>
            (ExitCode.Output, $"{Printable.Line(taken.Message)} End what listens there, or choose another address."),
        IOException or UnauthorizedAccessException => (ExitCode.Output, Printable.Line(exception.Message)),
        RpcException
        {
            StatusCode: StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.NotFound
            or StatusCode.InvalidArgument or StatusCode.FailedPrecondition
        } refused =>
                (ExitCode.Usage, Printable.Line(refused.Status.Detail)),
        RpcException { StatusCode: StatusCode.ResourceExhausted } busy => (ExitCode.Run, Printable.Line(busy.Status.Detail)),
        RpcException unanswered => (ExitCode.Run, $"The server does not answer: {FirstLine(unanswered.Status.Detail)}"),
        FederationException => (ExitCode.Usage, Printable.Line(exception.Message)),
        InvalidDataException => (ExitCode.Input, Printable.Line(exception.Message)),
        MisfitException => (ExitCode.Input, Printable.Line(exception.Message)),
        DivergedException or QuorumException or RewriteMismatchException => (ExitCode.Run, Printable.Line(exception.Message)),
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        DllNotFoundException missing => (ExitCode.Run, Printable.Line(missing.Message)),
        OutOfMemoryException => (ExitCode.Run, "The memory of this machine is used up. Use a smaller model, or fewer --threads."),
        _ => (ExitCode.Defect, $"This is a defect in Plume: {exception.GetType().Name}: {FirstLine(exception.Message)} Set "
            + $"PLUME_TRACE=1 to see where, and report it."),
    };

    static string FirstLine(string text) => Printable.Line(text.Split('\n', 2)[0].TrimEnd());
}
