using Plume.EndToEnd.Host;
using Plume.Federation.Notation;
using Plume.Federation.Rounds.Buffering;
using Plume.Federation.Selection;
using Plume.Server.Federations.Blobs;
using Plume.Server.Federations.Records;

namespace Plume.EndToEnd.Tests.Checks;

/// <summary>Holds what clients were told against what the server kept: the promises of the server, over one run.</summary>
static class HistoryChecker
{
    /// <summary>An update that is in a round's sum.</summary>
    readonly record struct Part(int Round, int Attempt, int Client, string Sha256);

    /// <summary>Every promise that was broken, in sentences.</summary>
    public static IReadOnlyList<string> Problems(ToyPlan plan, ServerHistory server, IReadOnlyList<HistoryLine> clients)
    {
        var added = server.Rounds.Select(record => AddedIn(record, record.Round!.Round)).ToList();
        return
        [
            .. Lost(added, clients),
            .. Invented(added, clients),
            .. Twice(added),
            .. Contradicted(clients),
            .. Committed(plan, server),
            .. Contributors(plan, server, added),
            .. OtherModels(plan, server, clients),
            .. LeftOver(plan, server),
        ];
    }

    static IEnumerable<string> Lost(IReadOnlyList<IReadOnlyList<Part>> added, IReadOnlyList<HistoryLine> clients)
    {
        var kept = added.SelectMany(round => round).ToHashSet();
        return clients.Where(line => line.What == HistoryLine.Counted && !kept.Contains(PartOf(line)))
            .Select(line => $"Client {line.Client} was told that its update of round {line.Round}, attempt {line.Attempt} "
                + $"counts, but no committed round has it.");
    }

    static IEnumerable<string> Invented(IReadOnlyList<IReadOnlyList<Part>> added, IReadOnlyList<HistoryLine> clients)
    {
        var sent = clients.Where(line => line.What == HistoryLine.Sent).Select(PartOf).ToHashSet();
        return added.SelectMany(round => round).Where(part => !sent.Contains(part))
            .Select(part => $"Nobody sent {part}, but it is in the sum.");
    }

    static IEnumerable<string> Twice(IReadOnlyList<IReadOnlyList<Part>> added) => added.SelectMany(round => round)
        .GroupBy(part => (part.Round, part.Attempt, part.Client)).Where(parts => parts.Count() > 1)
        .Select(parts => $"{parts.Key} is in the sum {parts.Count()} times.");

    // Once a client knows that an update counts, no repetition may be told otherwise, and no other may count in its place.
    static IEnumerable<string> Contradicted(IReadOnlyList<HistoryLine> clients) =>
        clients.Where(line => line.What is HistoryLine.Counted or HistoryLine.Refused)
        .GroupBy(line => (line.Round, line.Attempt, line.Client))
        .SelectMany(told => (IEnumerable<string>)
        [
            .. told.GroupBy(line => line.Sha256).Where(answers => answers.Select(line => line.What).Distinct().Count() > 1)
                .Select(_ => $"{told.Key} was told both that it counts and that it does not."),
            .. told.Where(line => line.What == HistoryLine.Counted).Select(line => line.Sha256).Distinct().Count() > 1
                ? [$"Two updates of {told.Key} were told that they count."] : Array.Empty<string>(),
        ]);

    static IEnumerable<string> Committed(ToyPlan plan, ServerHistory server)
    {
        if (server.Version != plan.Rounds)
            yield return $"The newest version is {server.Version} after {plan.Rounds} rounds.";
        if (!server.Rounds.Select(record => record.Round!.Round).SequenceEqual(Enumerable.Range(1, server.Version)))
            yield return $"The rounds committed are {string.Join(", ", server.Rounds.Select(record => record.Round!.Round))}.";
        if (server.Head.Version != server.Version)
            yield return $"The head of version {server.Version} says that it is of {server.Head.Version}.";
        if (server.Checkpoint != server.Head.Checkpoint)
            yield return "The newest checkpoint does not have the hash in the head.";
    }

    static IEnumerable<string> Contributors(ToyPlan plan, ServerHistory server, IReadOnlyList<IReadOnlyList<Part>> added)
    {
        var buffered = Buffered.Parse(plan.Rhythm);
        foreach (var (place, round) in added.Index())
        {
            // A buffered round has no attempts: what stands in their place tells a client's tasks apart.
            var parts = buffered is not null ? round : round.Where(part => part.Attempt == round.Max(other => other.Attempt));
            var last = parts.Select(part => part.Client).Order().ToList();
            if (server.Rounds[place].Round!.Accepted != last.Count)
                yield return $"Round {place + 1} was committed with {server.Rounds[place].Round!.Accepted} updates, but "
                    + $"{last.Count} were added.";
            bool isAsPlanned = buffered is not null
                ? last.Count == buffered.Updates && last.Distinct().Count() == buffered.Updates
                : last.Count >= plan.Quorum
                    && (CheapSelection.Parse(plan.Selection) is not null || !last.Except(plan.ParticipantsOf(place + 1)).Any());
            if (!isAsPlanned)
                yield return $"Round {place + 1} has the updates of {string.Join(", ", last)}.";
        }
    }

    static IEnumerable<string> OtherModels(ToyPlan plan, ServerHistory server, IReadOnlyList<HistoryLine> clients) => clients
        .Where(line => line.What == HistoryLine.Ended
            && (line.Round != server.Version
            || line.Sha256 != server.Published[MethodNotation.Parse(plan.Training).CapacityOf(line.Client)]))
        .Select(line => $"Client {line.Client} ended with version {line.Round} and other bits than the server's version "
            + $"{server.Version}.");

    // What a crash left behind is cleared away sooner or later: after the end only the last checkpoint, twice, and as many
    // payloads as are shorter than a whole model are of use, and nothing that a single client sent.
    static IEnumerable<string> LeftOver(ToyPlan plan, ServerHistory server)
    {
        var names = new BlobNames(ToyPlan.Federation);
        // Those of smaller capacities, with the capacity in their names, are as many again.
        string versions = $"{ToyPlan.Federation}/versions/";
        int payloads = server.Blobs.Count(name => name.StartsWith(versions, StringComparison.Ordinal)
            && !name[versions.Length..].Contains('.', StringComparison.Ordinal));
        long shortest = server.Rounds.Min(record => record.Length);
        int published = plan.ToDefinition().Published.Length;
        if ((payloads - 2) * shortest > sizeof(float) * published + 64)
            yield return $"{payloads} payloads of {shortest} bytes or more are kept for {published} values.";
        foreach (string name in server.Blobs.Where(name =>
            name.StartsWith($"{ToyPlan.Federation}/checkpoints/", StringComparison.Ordinal)
                && name != names.Checkpoint(server.Version) && name != names.Copy(server.Version)
            || name.StartsWith(names.AllUploads, StringComparison.Ordinal)))
            yield return $"'{name}' lies around.";
    }

    static IReadOnlyList<Part> AddedIn(VersionRecord record, int round) =>
        [.. record.Updates.Where(update => update.IsCounted)
            .Select(update => new Part(update.Round ?? round, update.Attempt, update.Client, update.Sha256))];

    static Part PartOf(HistoryLine line) => new(line.Round, line.Attempt, line.Client, line.Sha256);
}
