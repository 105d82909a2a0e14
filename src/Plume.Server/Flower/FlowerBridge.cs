using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Plume.Protocol.Flower;
using Plume.Server.Federations.Writing;
using Plume.Server.Flower.Messages;
using Plume.Server.Identity.Admission;
using Status = Grpc.Core.Status;

namespace Plume.Server.Flower;

/// <summary>
/// Lets Python clients that were written for Flower's NumPyClient take part in a federation: its instructions become Flower's,
/// and the models that they send back become updates.
/// </summary>
sealed class FlowerBridge(IFlowerFederation federation, FlowerOptions options, TimeProvider time, IHostApplicationLifetime host,
    ILogger<FlowerBridge> log)
    : FlowerEndpoint
{
    public IFlowerFederation Federation { get; } = federation;

    public FlowerOptions Options { get; } = options;

    public TimeProvider Time { get; } = SteadyTime.Of(time);

    public ILogger Log { get; } = log;

    public FlowerNames Names { get; } = new(options.MaximumClients);

    public FlowerModels Models { get; } = new(federation.Layout);

    public FlowerUpdates Updates { get; } = new(federation.Layout);

    /// <inheritdoc/>
    public override async Task Join(IAsyncStreamReader<ClientMessage> requestStream,
        IServerStreamWriter<ServerMessage> responseStream, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        string name = TakeName(http), reason = "the federation has ended, or the server stops.";
        var stream = new FlowerStream(requestStream, responseStream, Time, http.Abort);
        try
        {
            await WorkAsync(stream, name, http.Features.Get<Guest>());
        }
        catch (ClientGoneException gone)
        {
            reason = gone.Message;
        }
        catch (RpcException refusal)
        {
            reason = refusal.Status.Detail;
            throw;
        }
        catch (OperationCanceledException) when (host.ApplicationStopping.IsCancellationRequested)
        {
            throw Refusal(StatusCode.Unavailable, "The server stops. Come back later.");
        }
        finally
        {
            stream.Close();
            Names.GiveBack(name);
            Log.Left(name, reason);
        }
    }

    // The place is left before the name is free again: who comes next under it must not be the one that leaves.
    async Task WorkAsync(FlowerStream stream, string name, Guest? guest)
    {
        var place = await JoinAsync(name);
        guest?.TryBelongTo(name);
        Log.Joined(name, place.Client);
        try
        {
            await new FlowerSession(this, stream, place, host.ApplicationStopping).RunAsync();
        }
        finally
        {
            await Federation.LeaveAsync(place);
        }
    }

    string TakeName(HttpContext http)
    {
        string? id = http.Request.Headers.TryGetValue(FlowerNames.Metadata, out var values) ? values.ToString() : null;
        if (id is not null && !FlowerNames.IsId(id))
            throw Refusal(StatusCode.InvalidArgument,
                $"A {FlowerNames.Metadata} must be 1 to 64 letters, digits, dots and dashes, the first no dot, but is "
                    + $"'{FlowerAnswers.Plain(id)}'.");
        return Names.TryTake(id, http.Connection.RemoteIpAddress, out string? name, out string? problem)
            ? name
            : throw Refusal(StatusCode.ResourceExhausted, problem);
    }

    async Task<FlowerPlace> JoinAsync(string name)
    {
        try
        {
            return await Federation.JoinAsync(name, host.ApplicationStopping);
        }
        catch (InvalidOperationException full)
        {
            throw Refusal(StatusCode.ResourceExhausted, full.Message);
        }
    }

    static RpcException Refusal(StatusCode code, string message) => new(new Status(code, message));
}
