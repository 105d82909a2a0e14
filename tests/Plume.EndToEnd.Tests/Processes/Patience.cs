namespace Plume.EndToEnd.Tests.Processes;

/// <summary>
/// How long anything may take before a test calls it a hang: far longer than it takes on a machine that has other work to do.
/// </summary>
static class Patience
{
    public static TimeSpan Longest { get; } = TimeSpan.FromMinutes(4);

    /// <summary>Waits, but not for ever.</summary>
    /// <param name="task">What is waited for.</param>
    /// <param name="what">What it is, as a clause: "the server says where it listens".</param>
    /// <param name="state">What there is to know when it does not come.</param>
    public static async Task<T> UntilAsync<T>(this Task<T> task, string what, Func<string> state)
    {
        try
        {
            return await task.WaitAsync(Longest);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"For {Longest.TotalMinutes:0} minutes it was not so that {what}.\n{state()}");
        }
    }
}
