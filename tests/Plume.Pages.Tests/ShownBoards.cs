using System.Text;
using Plume.Pages.Boards;

namespace Plume.Pages.Tests;

/// <summary>Boards that say what a test tells them.</summary>
sealed class ShownBoards(params Board[] boards) : IBoards
{
    public const string File = "rounds.csv";

    static readonly DateTimeOffset Noon = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    volatile IReadOnlyList<Board> now = boards;

    public string Title => "Boards";

    public void Show(params Board[] next) => now = next;

    public Task<IReadOnlyList<Board>> ReadAsync(CancellationToken cancellation) => Task.FromResult(now);

    public Stream? Open(string board, string file) => file == File ? new MemoryStream(Encoding.UTF8.GetBytes("round\n1\n")) : null;

    /// <summary>A board with everything on it.</summary>
    public static Board Full(string name, int rounds = 40, int clients = 6) => new(name)
    {
        Subtitle = "six clients",
        Phase = "Collecting",
        Round = rounds + 1,
        Attempt = 1,
        Rounds = 2 * rounds,
        ModelVersion = rounds,
        Members = clients,
        Needed = 3,
        Asked = clients,
        Added = 2,
        Left = TimeSpan.FromMinutes(4),
        UplinkBytes = 1_234_567,
        DownlinkBytes = 7_654_321,
        Budget = new BoardBudget("2MB a client", 2_000_000, 1_500_000, 0.3, "The client that cost most has spent 1500000 bytes."),
        Privacy = "Each client can spend epsilon 8 at delta 1e-05.",
        Warnings = ["'client-3' let a deadline pass and is asked less."],
        Terms = [("method", "averaging"), ("uplink", "feedback | lowrank | deadzone(abs=0.00390625) | range and whatever else fits into a line")],
        History = [.. Enumerable.Range(1, rounds).Select(RoundOf)],
        Participants = [.. Enumerable.Range(0, clients).Select(client => new BoardParticipant(client, $"client-{client}",
            (BoardStanding)(client % 7), client % 7 == 5 ? "Its update is of round 3, but round 41 is at hand." : ""))],
        Clients = [.. Enumerable.Range(0, clients).Select(client => new BoardClient(client, $"client-{client}")
        {
            IsThere = true,
            Silence = TimeSpan.FromSeconds(client * 20),
            Software = "Plume 0.1.0, .NET 10.0.0, linux-x64",
            Counted = 30 + client,
            Refused = client,
            Missed = 0,
            Samples = 500 + client,
            UplinkBytes = 123_456,
            DownlinkBytes = 4_567_890,
            UplinkSpeed = client == 0 ? null : 250_000 * client,
            DownlinkSpeed = 2_500_000,
        })],
        Log =
        [
            new BoardHappening(3, Noon.AddMinutes(2), "'client-5': Stale. Its update is of round 3, but round 41 is at hand.", true, 12),
            new BoardHappening(2, Noon.AddMinutes(1), "Round 40 is closed with 5 updates; 1 other did not come or do not count; accuracy 97.75 %.", false, 1),
            new BoardHappening(1, Noon, "Operator ada let the federation go on.", false, 1),
        ],
        Tensors = [new BoardTensor("dense.weight", "64 x 10", 640, 1.25, 2.5)],
        Files = [new BoardFile(File, "every round's figures", null)],
    };

    public static BoardRound RoundOf(int round) =>
        new(round, 1 - 0.9 / round, 1.0 / round, 30_000, 190_000, 2.5, 5, round % 9 == 0 ? 1 : 0)
        {
            Epsilon = round / 10.0,
            Notes = round % 9 == 0 ? [$"Client 2 sent no update in round {round}."] : [],
        };
}
