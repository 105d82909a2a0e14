using Plume.Client;
using Plume.Server.Storage;

namespace Plume.Server.Tests.Hosting;

/// <summary>What an old round leaves is cleared away beside the next one, which may be done sooner.</summary>
public sealed class SlowClearingTests : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly ServedToy server = new();
    readonly TaskCompletionSource secondRoundIsIn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task A_round_that_closes_while_the_last_one_is_cleared_away_is_applied_after_that()
    {
        await server.StartAsync(wrapBlobs: blobs => new Slow(blobs, secondRoundIsIn.Task));

        var result = await server.JoinAsync("only", step =>
        {
            if (step is { Round: 2, Stage: ClientStage.Counted })
                secondRoundIsIn.TrySetResult();
        }).WaitAsync(Patience);

        Assert.True(result.IsFinished, result.Message);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>Blobs whose checkpoints are deleted only when something has happened.</summary>
    sealed class Slow(IBlobs inner, Task happened) : IBlobs
    {
        public Task<long?> LengthAsync(string name, CancellationToken cancellation) => inner.LengthAsync(name, cancellation);

        public Task AppendAsync(string name, long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) =>
            inner.AppendAsync(name, offset, bytes, cancellation);

        public Task FlushAsync(string name, CancellationToken cancellation) => inner.FlushAsync(name, cancellation);

        public Task MoveAsync(string from, string to, CancellationToken cancellation) => inner.MoveAsync(from, to, cancellation);

        public Task<int> ReadAsync(string name, long offset, Memory<byte> destination, CancellationToken cancellation) =>
            inner.ReadAsync(name, offset, destination, cancellation);

        public async Task DeleteAsync(string name, CancellationToken cancellation)
        {
            if (name.Contains("/checkpoints/", StringComparison.Ordinal) && !name.EndsWith(".part", StringComparison.Ordinal))
                await happened.WaitAsync(cancellation);
            await inner.DeleteAsync(name, cancellation);
        }

        public Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellation) =>
            inner.ListAsync(prefix, cancellation);
    }
}
