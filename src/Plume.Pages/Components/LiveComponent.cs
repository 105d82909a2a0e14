using Microsoft.AspNetCore.Components;
using Plume.Pages.Boards;

namespace Plume.Pages.Components;

/// <summary>A part of the page that is drawn again whenever boards have something new.</summary>
public abstract class LiveComponent : ComponentBase, IDisposable
{
    IDisposable? watching;

    [Inject]
    private protected BoardFeed Feed { get; set; } = null!;

    /// <summary>Lets go of the boards.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of the boards.</summary>
    protected virtual void Dispose(bool disposing) => watching?.Dispose();

    /// <inheritdoc/>
    protected override Task OnInitializedAsync() => Feed.ReadAsync();

    // Before that nobody looks: the page is only written out.
    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
            watching = Feed.Watch(() => _ = InvokeAsync(StateHasChanged));
    }
}
