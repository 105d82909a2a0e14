using Plume.Pages.Actions;

namespace Plume.Pages.Components.Operating;

/// <summary>Where operators find their forms, and where those lead.</summary>
static class OperatorAddress
{
    public const string SignIn = "/sign-in", SignOut = "/sign-out", Act = "/act";

    /// <summary>A board's forms.</summary>
    public static string Of(string board, OperatorNotice? notice = null) =>
        $"operate?board={Uri.EscapeDataString(board)}{(notice is { } said ? $"&notice={said}" : "")}";

    /// <summary>Where it is asked whether something is meant.</summary>
    public static string Question(OperatorActionKind kind, string board, string name) =>
        $"confirm?action={ActionWords.Of(kind)}&board={Uri.EscapeDataString(board)}&name={Uri.EscapeDataString(name)}";
}

/// <summary>Why a form led to nothing.</summary>
enum OperatorNotice
{
    /// <summary>The token was not good.</summary>
    Wrong,

    /// <summary>Nobody is signed in, or nobody who still is an operator.</summary>
    NoSession,

    /// <summary>Somebody signed out.</summary>
    SignedOut,
}
