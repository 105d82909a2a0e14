using System.Collections.Concurrent;
using Grpc.Core;
using Plume.Server.Federations.Definitions;
using Plume.Server.Identity.Admission;

namespace Plume.Server.Rpc;

/// <summary>What one client may have open at a time, so that it can waste no more than its own.</summary>
sealed class ClientBudgets(ServerLimits limits)
{
    readonly ConcurrentDictionary<(string Federation, int Client), int> streams = [];

    /// <summary>Counts a stream of bytes until it is disposed.</summary>
    /// <exception cref="RpcException">The client has as many open as it may.</exception>
    public IDisposable OpenStream(FederationDefinition federation, int client)
    {
        var key = (federation.Id, client);
        if (streams.AddOrUpdate(key, 1, (_, open) => open + 1) > limits.StreamsPerClient)
        {
            Close(key);
            throw new RpcException(new Status(StatusCode.ResourceExhausted,
                $"A client may have {limits.StreamsPerClient} transfers open at a time; end one, or wait."));
        }

        return new Open(this, key);
    }

    void Close((string, int) key)
    {
        if (streams.AddOrUpdate(key, 0, (_, open) => open - 1) <= 0)
            streams.TryRemove(KeyValuePair.Create(key, 0));
    }

    sealed class Open(ClientBudgets budgets, (string, int) key) : IDisposable
    {
        public void Dispose() => budgets.Close(key);
    }
}
