using Grpc.Core;
using Plume.Protocol.V1;
using Plume.Server.Storage;

namespace Plume.Server.Tests.Hosting;

/// <summary>
/// Where nobody can say whether the ledger has a write, the federation is taken over anew, from what the ledger has.
/// </summary>
public sealed class UnknownOutcomeTests : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly ServedToy server = new();
    readonly Doubt doubt = new();

    [Fact]
    public async Task What_was_written_after_all_is_told_without_a_further_write()
    {
        await server.StartAsync(startWith: 2, doubt.Before);
        var waiting = await server.JoinAndWaitAsync("waiting");
        doubt.About("stopped");

        var answer = await Assert.ThrowsAsync<RpcException>(() =>
            server.Operation.StopAsync(new ControlRequest { Federation = ServedToy.Federation },
                ServedToy.Operator).ResponseAsync);

        Assert.Equal(StatusCode.Unavailable, answer.StatusCode);
        Assert.Equal("An operator stopped the federation.", (await waiting.WaitAsync(Patience)).Message);
    }

    [Theory]
    [InlineData("place", true)]
    [InlineData("place", false)]
    [InlineData("arrived", true)]
    [InlineData("arrived", false)]
    [InlineData("added", true)]
    [InlineData("added", false)]
    [InlineData(Doubt.Commit, true)]
    [InlineData(Doubt.Commit, false)]
    public async Task A_run_goes_on_to_the_same_model_whether_or_not_it_was_written(string write, bool isWritten)
    {
        await server.StartAsync(wrap: doubt.Before);
        doubt.About(write, isWritten);

        var result = await server.JoinAsync("only").WaitAsync(Patience);

        Assert.True(result.IsFinished, result.Message);
        Assert.All(result.Model.ToArray(), value => Assert.Equal(2, value));
        Assert.Equal(2, doubt.Owners);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>A ledger that says of one write that it does not know its outcome.</summary>
    sealed class Doubt : LedgerBefore
    {
        public const string Commit = "commit";

        string? about;
        bool isWritten;

        public int Owners { get; private set; }

        /// <summary>The next write of this kind is the one: an event by its name, or a commit.</summary>
        public void About(string write, bool isWritten = true) => (about, this.isWritten) = (write, isWritten);

        public override Task<LedgerContent> TakeOverAsync(string federation, CancellationToken cancellation)
        {
            Owners++;
            return Inner.TakeOverAsync(federation, cancellation);
        }

        public override Task AppendAsync(string federation, long epoch, int position, IReadOnlyList<byte[]> events,
            CancellationToken cancellation) => WriteAsync(
            Has(events, about),
            () => Inner.AppendAsync(federation, epoch, position, events, cancellation));

        public override Task CommitAsync(string federation, long epoch, int version, byte[] head, IReadOnlyList<byte[]> records,
            CancellationToken cancellation) => WriteAsync(
            about == Commit,
            () => Inner.CommitAsync(federation, epoch, version, head, records, cancellation));

        async Task WriteAsync(bool isTheOne, Func<Task> write)
        {
            if (!isTheOne || isWritten)
                await write();
            if (!isTheOne)
                return;
            about = null;
            throw new UnknownOutcomeException("The connection was lost.");
        }
    }
}
