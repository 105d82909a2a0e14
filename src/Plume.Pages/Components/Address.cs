using Plume.Pages.Boards;

namespace Plume.Pages.Components;

/// <summary>Where what a page shows is found.</summary>
static class Address
{
    public static string Of(Board board) => $"board?name={Uri.EscapeDataString(board.Name)}";

    public static string Of(Board board, BoardFile file) =>
        $"file?board={Uri.EscapeDataString(board.Name)}&name={Uri.EscapeDataString(file.Name)}";
}
