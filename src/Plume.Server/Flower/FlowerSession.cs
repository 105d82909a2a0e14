using Grpc.Core;
using Plume.Compression.Wire;
using Plume.Protocol.Flower;
using Plume.Server.Flower.Messages;
using Answer = Plume.Protocol.Flower.ClientMessage.MsgOneofCase;
using Status = Grpc.Core.Status;

namespace Plume.Server.Flower;

/// <summary>
/// One client's part in a federation, task by task, from its place to its farewell. Nothing on the wire says which instruction
/// an answer belongs to, so the next one is given only when the last is answered, be it too late.
/// </summary>
sealed class FlowerSession(FlowerBridge bridge, FlowerStream stream, FlowerPlace place, CancellationToken stopping)
{
    static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    readonly IFlowerFederation federation = bridge.Federation;
    readonly TimeProvider time = bridge.Time;
    bool measures = bridge.Options.Measures;

    /// <summary>Works until the federation ends or the server stops, and bids the client farewell.</summary>
    /// <exception cref="ClientGoneException">The client is gone before that.</exception>
    /// <exception cref="RpcException">The client broke a rule.</exception>
    /// <exception cref="OperationCanceledException">The server stops while the client is at work.</exception>
    public async Task RunAsync()
    {
        while (await NextAsync() is { } task)
            await CarryOutAsync(task);
        await EndAsync();
    }

    // A client that goes, or speaks, while it has nothing to do is noticed at once.
    async Task<FlowerTask?> NextAsync()
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var next = federation.NextAsync(place, waiting.Token);
        if (await Task.WhenAny(next, stream.Arrival) != next)
            await waiting.CancelAsync();
        FlowerTask? task;
        try
        {
            task = await next;
        }
        catch (OperationCanceledException) when (waiting.IsCancellationRequested)
        {
            task = null;
        }
        catch (InvalidOperationException placeless)
        {
            throw Refusal(StatusCode.FailedPrecondition, placeless.Message);
        }

        if (!stream.Arrival.IsCompleted)
            return task;
        if (task is not null)
            await FailAsync(task, "The client did not wait for it.");
        var message = await stream.TakeAsync(time.GetUtcNow(), stopping);
        throw Refusal(StatusCode.InvalidArgument, $"A client must wait for an instruction, but sent {message.MsgCase}.");
    }

    async Task CarryOutAsync(FlowerTask task)
    {
        try
        {
            if (measures)
                await MeasureAsync(task);
            if (await TrainAsync(task) is { } problem)
                await FailAsync(task, problem);
        }
        catch (AnswerLateException)
        {
            await FailAsync(task, "The client did not answer by the round's deadline.", isMissed: true);
            await AwaitLateAnswerAsync(task);
        }
        catch (ClientGoneException gone)
        {
            await FailAsync(task, gone.Message, isMissed: true);
            throw;
        }
        catch (InvalidPayloadException refusal)
        {
            await FailAsync(task, refusal.Message);
            throw Refusal(StatusCode.InvalidArgument, refusal.Message);
        }
        catch (RpcException refusal)
        {
            await FailAsync(task, refusal.Status.Detail);
            throw;
        }
    }

    async Task MeasureAsync(FlowerTask task)
    {
        await stream.SendAsync(FlowerInstructions.Evaluate(task, bridge.Models.Of(task)), task.Deadline, stopping);
        var answer = (await TakeAsync(Answer.EvaluateRes, task.Deadline)).EvaluateRes;
        measures = answer.Status?.Code != Code.EvaluateNotImplemented;
        if (FlowerAnswers.ProblemOf(answer.Status) is null && FlowerAnswers.MeasureOf(answer) is { } measure)
            await federation.MeasureAsync(place, task, measure, stopping);
    }

    // What went wrong in this round only, or null.
    async Task<string?> TrainAsync(FlowerTask task)
    {
        await stream.SendAsync(FlowerInstructions.Fit(task, bridge.Models.Of(task)), task.Deadline, stopping);
        var answer = (await TakeAsync(Answer.FitRes, task.Deadline)).FitRes;
        if (FlowerAnswers.ProblemOf(answer.Status) is { } problem)
            return problem;
        FlowerUpdate update;
        try
        {
            byte[] payload = bridge.Updates.Encode(answer.Parameters, task.Model);
            update = new FlowerUpdate(payload, FlowerAnswers.SamplesOf(answer.NumExamples), FlowerAnswers.LossOf(answer.Metrics));
        }
        catch (NotFiniteNumberException diverged)
        {
            return diverged.Message;
        }

        string? refusal = await federation.SubmitAsync(place, task, update, stopping);
        if (refusal is null)
            bridge.Log.Counted(place.Name, task.Round, update.Samples, update.Payload.Length);
        else
            bridge.Log.Failed(place.Name, task.Round, refusal);
        return null;
    }

    async Task<ClientMessage> TakeAsync(Answer kind, DateTimeOffset until)
    {
        var message = await stream.TakeAsync(until, stopping);
        return message.MsgCase == kind
            ? message
            : throw Refusal(StatusCode.InvalidArgument,
                $"The instruction must be answered with {kind}, but was with {message.MsgCase}.");
    }

    // A client that is slow but works is there again for a later round; it has as long again as the round had, where nobody else
    // waits for its place at the door.
    async Task AwaitLateAnswerAsync(FlowerTask task)
    {
        var wanted = bridge.Names.MayGo(place.Name);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(wanted, stopping);
        try
        {
            await stream.TakeAsync(task.Deadline + (task.Deadline - task.Published), ended.Token);
            bridge.Names.Stays(place.Name);
        }
        catch (OperationCanceledException) when (wanted.IsCancellationRequested)
        {
            throw Refusal(StatusCode.ResourceExhausted,
                $"The client was late in round {task.Round}, and others wait at the Flower door. Join again with less to do, "
                    + $"or ask for a later deadline.");
        }
        catch (AnswerLateException)
        {
            throw Refusal(StatusCode.DeadlineExceeded,
                $"Round {task.Round} took the client more than twice the time that there was. Join again with less to do, or "
                    + $"ask for a later deadline.");
        }
    }

    async Task FailAsync(FlowerTask task, string problem, bool isMissed = false)
    {
        bridge.Log.Failed(place.Name, task.Round, problem);
        await federation.ReportAsync(place, task, problem, isMissed);
    }

    // Clients reset the stream instead of ending it, some before their last message is out.
    async Task EndAsync()
    {
        var after = stopping.IsCancellationRequested ? bridge.Options.ComeBackAfter : TimeSpan.Zero;
        try
        {
            await stream.SendAsync(FlowerInstructions.Reconnect(after), time.GetUtcNow() + Farewell, CancellationToken.None);
            await stream.TakeAsync(time.GetUtcNow() + Farewell, CancellationToken.None);
        }
        catch (Exception quiet) when (quiet is ClientGoneException or AnswerLateException or RpcException)
        {
            // It is gone, which is what it was told.
        }
    }

    static RpcException Refusal(StatusCode code, string message) => new(new Status(code, message));
}
