namespace Plume.Pages.Boards;

/// <summary>Where a page has from what it shows. Called by one reader at a time.</summary>
public interface IBoards
{
    /// <summary>What stands over the list: whose boards they are.</summary>
    string Title { get; }

    /// <summary>How all stand now.</summary>
    /// <param name="cancellation">Stops waiting.</param>
    Task<IReadOnlyList<Board>> ReadAsync(CancellationToken cancellation);

    /// <summary>Opens a file that a board names; null where there is none.</summary>
    /// <param name="board">The board's name.</param>
    /// <param name="file">The file's name.</param>
    Stream? Open(string board, string file);
}
