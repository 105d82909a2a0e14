using System.Collections.Concurrent;
using Plume.Pages.Actions;

namespace Plume.Pages.Tests;

/// <summary>Notes what operators ask for, and does nothing.</summary>
sealed class PretendActions : IOperatorActions
{
    public const string Token = "a-token-that-is-good", Secret = "an-invitation";

    readonly ConcurrentQueue<(string Who, OperatorAction Action)> done = [];

    public IReadOnlyList<(string Who, OperatorAction Action)> Done => [.. done];

    /// <summary>Whether whoever signed in is an operator still.</summary>
    public bool IsStill { get; set; } = true;

    public string Name { get; init; } = "ada";

    public string SignInCommand => "plume sign-in http://127.0.0.1:7443";

    public bool Enrols => true;

    public Task<Operator?> SignInAsync(string token, CancellationToken cancellation) =>
        Task.FromResult(token == Token ? new Operator(Name, Key: null) : null);

    public Task<bool> IsStillAsync(Operator who, CancellationToken cancellation) => Task.FromResult(IsStill);

    public Task<ActionOutcome> DoAsync(Operator who, OperatorAction action, CancellationToken cancellation)
    {
        done.Enqueue((who.Name, action));
        return Task.FromResult(new ActionOutcome(IsDone: true, $"{action.Kind} of {action.Name} is done.")
        {
            Secret = action.Kind == OperatorActionKind.Invite ? Secret : "",
        });
    }
}
