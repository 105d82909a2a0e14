using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Plume.EndToEnd.Tests.Processes;

/// <summary>A process of the host program: what it says can be waited for, and it can be killed, frozen and thawed.</summary>
sealed partial class HostProcess : IAsyncDisposable
{
    /// <summary>The exit code of a process after SIGKILL.</summary>
    public const int Killed = 128 + 9;

    const int Stop = 19;
    const int Continue = 18;
    const int LinesShown = 15;

    static readonly string Host = typeof(HostProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(entry => entry.Key == nameof(Host)).Value!;

    readonly Process process;
    readonly List<string> lines = [];
    readonly Lock gate = new();
    int open = 2;
    TaskCompletionSource more = NewSignal();

    public HostProcess(IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Host, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => process.Id;

    public bool HasEnded => process.HasExited;

    /// <summary>Everything it said so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (gate)
                return [.. lines];
        }
    }

    /// <summary>The first line that it said, or says, that is wanted.</summary>
    public Task<string> LineAsync(string what, Predicate<string> wanted) => FindAsync(wanted).UntilAsync(what, Tail);

    /// <summary>Waits until it has ended.</summary>
    /// <returns>Its exit code: 137 after SIGKILL.</returns>
    public async Task<int> EndAsync()
    {
        await EndedAsync().UntilAsync($"process {process.Id} ends", Tail);
        return process.ExitCode;
    }

    /// <summary>Ends it at once, by SIGKILL.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await EndAsync();
    }

    /// <summary>Stops it from running, by SIGSTOP.</summary>
    public void Freeze() => Send(Stop);

    /// <summary>Lets it go on, by SIGCONT.</summary>
    public void Thaw() => Send(Continue);

    /// <summary>Sets its clock forward, or back.</summary>
    public async Task SetClockAsync(TimeSpan by)
    {
        await process.StandardInput.WriteLineAsync(by.TotalHours.ToString(CultureInfo.InvariantCulture));
        await LineAsync("the clock is set", line => line.Contains("the clock was set", StringComparison.Ordinal));
    }

    /// <summary>Asks it to end in order.</summary>
    public async Task<int> StopAsync()
    {
        await process.StandardInput.WriteLineAsync("stop");
        return await EndAsync();
    }

    /// <summary>The last lines that it said.</summary>
    public string Tail() => string.Join('\n', Lines.TakeLast(LinesShown));

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync();
        process.Dispose();
    }

    async Task<bool> EndedAsync()
    {
        await process.WaitForExitAsync();
        return true;
    }

    async Task<string> FindAsync(Predicate<string> wanted)
    {
        for (int seen = 0; ;)
        {
            Task next;
            lock (gate)
            {
                for (; seen < lines.Count; seen++)
                {
                    if (wanted(lines[seen]))
                        return lines[seen];
                }

                if (open == 0)
                    throw new InvalidOperationException(
                        $"Process {process.Id} has ended without a word of it. It said:\n{Tail()}");
                next = more.Task;
            }

            await next;
        }
    }

    void Hear(string? line)
    {
        lock (gate)
        {
            if (line is null)
                open--;
            else
                lines.Add(line);
            more.SetResult();
            more = NewSignal();
        }
    }

    void Send(int signal)
    {
        if (Kill(process.Id, signal) != 0)
            throw new InvalidOperationException(
                $"Process {process.Id} cannot be sent signal {signal} (error {Marshal.GetLastPInvokeError()}).");
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
