using Plume.Protocol.V1;


namespace Plume.Server.Tests.Hosting;

/// <summary>Storage that takes no update for a while delays the round, and hides nothing from the operator.</summary>
public sealed class StorageAwayTests : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly ServedToy server = new();
    readonly Away away = new();

    [Fact]
    public async Task An_operator_sees_the_federation_while_its_storage_is_away_and_the_run_goes_on_after_that()
    {
        await server.StartAsync(wrap: away.Before);
        var joined = server.JoinAsync("only");
        await away.Noticed.WaitAsync(Patience);

        var status = await server.Operation.StatusAsync(new StatusRequest { Federation = ServedToy.Federation },
            ServedToy.Operator).ResponseAsync.WaitAsync(Patience);

        Assert.Equal(("Collecting", 1u, "The server waits for its storage."), (status.Phase, status.Round, status.Message));
        away.IsBack = true;
        Assert.True((await joined.WaitAsync(Patience)).IsFinished);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>A ledger that does not take that an update counts, until it is back.</summary>
    sealed class Away : LedgerBefore
    {
        readonly TaskCompletionSource noticed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public volatile bool IsBack;

        public Task Noticed => noticed.Task;

        public override Task AppendAsync(string federation, long epoch, int position, IReadOnlyList<byte[]> events,
            CancellationToken cancellation)
        {
            if (IsBack || !Has(events, "added"))
                return Inner.AppendAsync(federation, epoch, position, events, cancellation);
            noticed.TrySetResult();
            return Task.FromException(new IOException("There is no space left."));
        }
    }
}
