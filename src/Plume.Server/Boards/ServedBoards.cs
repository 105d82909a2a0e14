using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Plume.Federation.Rounds;
using Plume.Pages.Boards;
using Plume.Protocol.V1;
using Plume.Server.Federations.News;
using Plume.Server.Federations.Records;
using Plume.Server.Rpc;
using Plume.Server.Rpc.Operating;

namespace Plume.Server.Boards;

/// <summary>
/// The federations of a server for its page. What is on a board is what <c>plume status</c> is told, with more of the same.
/// </summary>
sealed class ServedBoards(FederationFeeds feeds, FederationStatuses statuses, string title) : IBoards
{
    const string RoundsFile = "rounds.csv";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly ConcurrentDictionary<string, Board> known = new(StringComparer.Ordinal);

    public string Title => title;

    public async Task<IReadOnlyList<Board>> ReadAsync(CancellationToken cancellation) =>
        await Task.WhenAll(feeds.All.Select(feed => ReadAsync(feed, cancellation))).ConfigureAwait(false);

    public Stream? Open(string board, string file) => file == RoundsFile && known.TryGetValue(board, out var found)
        ? new MemoryStream(Encoding.UTF8.GetBytes(Table(found.History))) : null;

    async Task<Board> ReadAsync(FederationFeed feed, CancellationToken cancellation)
    {
        string name = feed.Definition.Name;
        var before = known.GetValueOrDefault(name) ?? new Board(name);
        if (feed.Refusal is { } refusal)
            return before with { Phase = "Unreadable", Problem = refusal };
        try
        {
            int since = before.History.Count > 0 ? before.History[^1].Round : 0;
            var details = await feed.Grain.DetailsAsync(since).WaitAsync(Patience, cancellation).ConfigureAwait(false);
            var status = await statuses.OfAsync(feed.Definition, details.Overview).ConfigureAwait(false);
            return known[name] = BoardOf(feed, status, details, Joined(before.History, details));
        }
        catch (Exception trouble) when (!cancellation.IsCancellationRequested)
        {
            return before with { Problem = $"The federation does not answer at the moment: {trouble.Message}" };
        }
    }

    static Board BoardOf(FederationFeed feed, FederationStatus status, FederationDetails details,
        IReadOnlyList<BoardRound> history)
    {
        var plan = feed.Definition.Plan;
        var names = details.Clients.ToDictionary(client => client.Number, client => client.Name);
        return new Board(status.Federation)
        {
            Subtitle = string.Create(CultureInfo.InvariantCulture,
                $"{plan.Clients} clients, {plan.Participants} a round, {feed.Definition.Layout.Length:N0} parameters"),
            Phase = status.Phase,
            IsPaused = status.Paused,
            Message = status.Message,
            Round = (int)status.Round,
            Attempt = (int)status.Attempt,
            Rounds = (int)status.Rounds,
            ModelVersion = (int)status.ModelVersion,
            Members = (int)status.Members,
            Needed = (int)status.Needed,
            Asked = (int)status.Asked,
            Added = (int)status.Added,
            Left = status.Phase == nameof(Phase.Collecting) && plan.Buffered is null
                ? Coarse(TimeSpan.FromMilliseconds(status.LeftMs)) : null,
            UplinkBytes = (long)status.UplinkBytes,
            DownlinkBytes = (long)status.DownlinkBytes,
            Metric = status.Metric,
            Budget = status.BudgetSpent is not { } budget ? null
                : new BoardBudget(plan.Budget!.ToString(), (long)budget.Bytes, (long)budget.Spent, budget.Unused, status.Budget),
            Privacy = status.Privacy,
            Warnings = [.. status.Warnings],
            Terms =
            [
                .. Term("method", status.Method), .. Term("uplink", plan.Uplink.Text), .. Term("downlink", plan.Downlink.Text),
                .. Term("rhythm", status.Rhythm),
            ],
            History = history,
            Participants = [.. details.Participants.Select(one => new BoardParticipant(one.Client,
                names.GetValueOrDefault(one.Client, ""), StandingOf(feed.Activities, one), one.Refusal ?? ""))],
            Clients = [.. details.Clients.Select(client => ClientOf(feed.Activities, client))],
            Log = [.. details.Happenings.Reverse().Select(happening => new BoardHappening(happening.Number, happening.At,
                happening.Text, happening.IsTrouble, happening.Times))],
            Tensors = [.. details.Tensors.Select(TensorOf)],
            Files = history.Count == 0 ? [] : [new BoardFile(RoundsFile, "every round's figures", null)],
        };
    }

    static BoardClient ClientOf(ClientActivities activities, ClientDetail client)
    {
        var transfers = activities.TransfersOf(client.Name);
        return new BoardClient(client.Number, client.Name)
        {
            IsThere = client.IsThere,
            Silence = client.Silence is { } silence ? Coarse(silence) : null,
            Software = activities.SoftwareOf(client.Name),
            Samples = client.Samples > 0 ? client.Samples : null,
            Counted = client.Counted,
            Refused = client.Refused,
            Missed = client.Missed,
            UplinkBytes = client.UplinkBytes,
            DownlinkBytes = transfers.DownlinkBytes,
            UplinkSpeed = transfers.UplinkSpeed,
            DownlinkSpeed = transfers.DownlinkSpeed,
        };
    }

    static BoardTensor TensorOf(TensorDetail tensor) => new(tensor.Part.Length == 0 ? tensor.Name : $"{tensor.Part}: {tensor.Name}",
        string.Join(" x ", tensor.Shape), tensor.Shape.Aggregate(1L, (product, size) => product * size),
        Known(tensor.UplinkBits), Known(tensor.DownlinkBits));

    static BoardStanding StandingOf(ClientActivities activities, ParticipantDetail one) => one.Standing switch
    {
        Standing.Added => BoardStanding.Counted,
        Standing.Decoding => BoardStanding.Adding,
        Standing.Out => one.Refusal is null ? BoardStanding.Dropped : BoardStanding.Refused,
        _ => activities.Of(new RoundPart(one.Round, one.Attempt, one.Client)) switch
        {
            { IsUploading: true } => BoardStanding.Uploading,
            { IsAtWork: true } => BoardStanding.Training,
            _ => BoardStanding.Asked,
        },
    };

    // What changes all the time is told in steps, so that nobody is sent a page for a second that went by.
    static TimeSpan Coarse(TimeSpan time) => time.TotalSeconds switch
    {
        < 0 => TimeSpan.Zero,
        < 60 => TimeSpan.FromSeconds(5 * Math.Floor(time.TotalSeconds / 5)),
        < 3600 => TimeSpan.FromMinutes(Math.Floor(time.TotalMinutes)),
        _ => TimeSpan.FromHours(Math.Floor(time.TotalHours)),
    };

    static IEnumerable<(string, string)> Term(string name, string value) => value.Length == 0 ? [] : [(name, value)];

    static IReadOnlyList<BoardRound> Joined(IReadOnlyList<BoardRound> before, FederationDetails details)
    {
        if (details.Points.Length == 0)
            return before;
        var notes = details.Overview.History.ToDictionary(round => round.Round, round => round.Refused);
        return [.. before, .. details.Points.Select(point => RoundOf(point, notes.GetValueOrDefault(point.Round, [])))];
    }

    static BoardRound RoundOf(RoundPoint point, IReadOnlyList<string> notes) => new(point.Round, Known(point.Accuracy),
        Known(point.Loss), point.UplinkBytes, point.DownlinkBytes, point.Seconds, point.Accepted, point.Refused)
    {
        Epsilon = Known(point.Epsilon),
        Notes = notes,
    };

    static double? Known(double value) => double.IsNaN(value) ? null : value;

    static string Table(IReadOnlyList<BoardRound> rounds)
    {
        var text = new StringBuilder("round,accuracy,loss,uplinkBytes,downlinkBytes,seconds,accepted,refused,epsilon\n");
        foreach (var round in rounds)
            text.Append(CultureInfo.InvariantCulture,
                $"{round.Round},{round.Accuracy},{round.Loss},{round.UplinkBytes},{round.DownlinkBytes},")
                .Append(CultureInfo.InvariantCulture, $"{round.Seconds},{round.Accepted},{round.Refused},{round.Epsilon}\n");
        return text.ToString();
    }
}
