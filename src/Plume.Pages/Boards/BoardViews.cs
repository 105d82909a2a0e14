
namespace Plume.Pages.Boards;

/// <summary>Boards with what is drawn of them, which is drawn once and kept as long as their rounds are the same.</summary>
sealed class BoardViews
{
    /// <summary>Before the first were read.</summary>
    public static BoardViews None { get; } = new([], []);

    readonly Lazy<string> overlay;

    BoardViews(IReadOnlyList<Board> boards, IReadOnlyList<BoardView> all)
    {
        (Boards, All) = (boards, all);
        overlay = new Lazy<string>(() => BoardCharts.Draw(boards));
    }

    public IReadOnlyList<Board> Boards { get; }

    public IReadOnlyList<BoardView> All { get; }

    /// <summary>The lines of all boards in the same charts; nothing before anything was measured.</summary>
    public string Charts => overlay.Value;

    public BoardView? Find(string name) => All.FirstOrDefault(view => view.Board.Name == name);

    /// <summary>These, where the boards are the same; else those with what is new in them.</summary>
    public BoardViews Next(IReadOnlyList<Board> boards)
    {
        if (this != None && Boards.Count == boards.Count && Boards.Zip(boards).All(pair => IsSame(pair.First, pair.Second)))
            return this;
        return new BoardViews(boards,
            [.. boards.Select(board => Find(board.Name) is { } known ? known.Next(board) : new BoardView(board))]);
    }

    // Records compare their lists by reference, and whoever reads makes new ones each time.
    static bool IsSame(Board before, Board now) => before with
    {
        Terms = now.Terms,
        Warnings = now.Warnings,
        Participants = now.Participants,
        Clients = now.Clients,
        Tensors = now.Tensors,
        Log = now.Log,
        Files = now.Files,
    } == now
        && before.Terms.SequenceEqual(now.Terms) && before.Warnings.SequenceEqual(now.Warnings)
        && before.Participants.SequenceEqual(now.Participants) && before.Clients.SequenceEqual(now.Clients)
        && before.Tensors.SequenceEqual(now.Tensors) && before.Files.SequenceEqual(now.Files)
        && before.Log.SequenceEqual(now.Log);
}

/// <summary>One board with its charts.</summary>
sealed class BoardView
{
    readonly Lazy<string> charts;

    public BoardView(Board board) => (Board, charts) = (board, new Lazy<string>(() => BoardCharts.Draw([board])));

    BoardView(Board board, Lazy<string> charts) => (Board, this.charts) = (board, charts);

    public Board Board { get; }

    /// <summary>Its charts; nothing before anything was measured.</summary>
    public string Charts => charts.Value;

    public BoardView Next(Board board) => ReferenceEquals(board.History, Board.History)
        ? new BoardView(board, charts) : new BoardView(board);
}
