using System.Globalization;
using Plume.Cli.Errors;
using Plume.Federation.Rounds;

namespace Plume.Cli.Leaks;

/// <summary>Whose updates are read, and when.</summary>
/// <param name="Rounds">The rounds, in ascending order.</param>
/// <param name="Clients">How many clients of each.</param>
/// <param name="Samples">Samples that each client keeps; null for all.</param>
sealed record LeakQuestion(IReadOnlyList<int> Rounds, int Clients, int? Samples)
{
    const int UsualClients = 5;

    static readonly int[] UsualRounds = [1, 3, 5];

    /// <summary>Reads what was written on the command line.</summary>
    /// <param name="rounds">Rounds with commas between; null for a few of the first.</param>
    /// <param name="clients">Clients; null for a few.</param>
    /// <param name="samples">Samples that each client keeps; null for all.</param>
    /// <param name="plan">The experiment's.</param>
    /// <exception cref="CliException">It is not within the experiment.</exception>
    public static LeakQuestion Read(string? rounds, int? clients, int? samples, FederationPlan plan)
    {
        if (clients is { } written && (written < 1 || written > plan.Participants))
            throw new CliException(ExitCode.Usage,
                $"--clients must be 1 to {plan.Participants}, the participants of a round, but is {written}.");
        if (samples is < 1)
            throw new CliException(ExitCode.Usage,
                $"--samples must be 1 or more, since a client without samples sends nothing, but is {samples}.");
        int[] read = rounds is null ? [.. UsualRounds.Where(round => round <= plan.Rounds)]
            : [.. rounds.Split(',').Select(text => Round(text, plan.Rounds)).Distinct().Order()];
        return new LeakQuestion(read, clients ?? Math.Min(UsualClients, plan.Participants), samples);
    }

    static int Round(string text, int last) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int round) && round >= 1 && round <= last
            ? round
            : throw new CliException(ExitCode.Usage,
                $"--rounds are rounds of the experiment, 1 to {last}, with commas between, such as 1,5, but has '{text}'.");
}
