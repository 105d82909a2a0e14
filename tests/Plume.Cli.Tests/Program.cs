using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Plume.Cli.Tests;

/// <summary>The built program, run as a user runs it.</summary>
static class Program
{
    public sealed record Ended(int Code, string Output, string Error);

    public static Ended Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Ended(process.ExitCode, output, error.Result);
    }

    /// <summary>
    /// Runs until a line begins with the text, then sends a signal: INT asks the program to stop as Ctrl-C does, KILL ends it.
    /// </summary>
    public static Ended RunUntil(string line, string signal, params string[] arguments)
    {
        using var process = Start(arguments);
        var error = process.StandardError.ReadToEndAsync();
        string output = "";
        while (process.StandardOutput.ReadLine() is { } text)
        {
            output += text + "\n";
            if (text.StartsWith(line, StringComparison.Ordinal))
                Signal(process, signal);
        }

        process.WaitForExit();
        return new Ended(process.ExitCode, output, error.Result);
    }

    /// <summary>Starts it and waits until a line begins with the text; what it says after that goes nowhere.</summary>
    public static Process StartUntil(string begin, out string line, params string[] arguments)
    {
        var process = Start(arguments);
        do
            line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException(process.StandardError.ReadToEnd());
        while (!line.StartsWith(begin, StringComparison.Ordinal));
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
        return process;
    }

    /// <summary>
    /// Sends a signal at once: a program that sends it would take so long to start on a busy machine that a short run could be
    /// over.
    /// </summary>
    public static void Signal(Process process, string signal) =>
        _ = Kill(process.Id, signal switch { "INT" => 2, "KILL" => 9, "TERM" => 15, _ => throw new ArgumentException(signal) });

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Kill(int process, int signal);

    /// <summary>
    /// Starts it. Where the tests run in the background, Ctrl-C is ignored and programs that they start would ignore it, too.
    /// </summary>
    public static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Repository.Program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
