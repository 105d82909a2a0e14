using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Plume.Pages.Actions;
using Plume.Pages.Boards;

namespace Plume.Pages.Components.Operating;

/// <summary>
/// A page of forms. It is written out as it is, so that it works without scripts, and does not change by itself.
/// </summary>
public abstract class OperatorComponent : ComponentBase
{
    [Inject]
    private protected BoardFeed Feed { get; set; } = null!;

    [Inject]
    private protected OperatorSessions Sessions { get; set; } = null!;

    /// <summary>The request that it answers.</summary>
    [CascadingParameter]
    public HttpContext Http { get; set; } = null!;

    /// <summary>The board's name.</summary>
    [SupplyParameterFromQuery(Name = "board")]
    public string? Name { get; set; }

    private protected OperatorSession? Session => Http.Features.Get<OperatorSession>();

    private protected Board? Board => Feed.Now.Find(Name ?? "")?.Board;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        await Feed.ReadAsync();
        if (Sessions.Actions is null)
            Http.Response.StatusCode = StatusCodes.Status404NotFound;
    }
}
