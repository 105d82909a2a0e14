using Plume.Compression.Randomness;
using Plume.Federation.Books;
using Plume.Federation.Models;
using Plume.Federation.Participation;
using Plume.Federation.Privacy;

namespace Plume.Simulation;

/// <summary>Makes the next version of a round's messages: of their sum, or where the plan has a rule, of each.</summary>
sealed class Merging(SimulationOptions options, RandomKey run, GlobalModel global, RoundSum sum, RoundBooks books)
{
    readonly Dictionary<int, byte[]> payloads = [];

    /// <summary>Begins a round, or another attempt at it.</summary>
    public void Begin() => payloads.Clear();

    /// <summary>Keeps a message that counts, where a rule will look at it.</summary>
    public void Keep(int client, byte[] payload)
    {
        if (options.Plan.Rule is not null)
            payloads[client] = payload;
    }

    /// <summary>Makes and publishes the next version.</summary>
    /// <param name="contributors">How many messages count.</param>
    /// <param name="weights">What those of each capacity weigh together.</param>
    /// <returns>What there is to say of single messages, where a rule looks at each.</returns>
    public IReadOnlyList<string> MakeNext(int contributors, IReadOnlyList<double> weights)
    {
        if (contributors == 0)
        {
            global.Pass(books.State.Current);
            return [];
        }

        if (options.Plan.Rule is not { } rule)
        {
            global.Apply(sum.Sum, weights, contributors, options.Plan.Privacy is null ? null
                : NoiseSecret.FromSeed(options.Seed), books.State.Current.UsualNorm, books.State.MedianNorm,
                books.State.Current);
            return [];
        }

        var messages = new RoundMessages(sum,
            [.. books.Contributions.Select(entry => new RoundMessage(entry.Key, IsFloats: false, () => payloads[entry.Key]))]);
        var round = books.State.Current;
        var outcome = messages.Combine(options.Plan, round,
            RootUpdate.Of(options.Root, options.Plan, run, round.Round, global.Broadcast.Published));
        global.Apply(outcome.Mean, contributors, books.State.MedianNorm, round);
        return [.. messages.Notes(rule, outcome)];
    }
}
