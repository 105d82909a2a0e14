using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Plume.Compression.Weights;
using Plume.Compression.Weights.Formats;
using Plume.Protocol.Flower;
using Plume.Server.Flower.Messages;
using Code = Plume.Protocol.Flower.Code;
using Status = Plume.Protocol.Flower.Status;

namespace Plume.Server.Tests.Flower;

public sealed class FlowerSessionTests
{
    static readonly float[] Model = [.. Enumerable.Range(0, 10).Select(i => i / 4f)];

    static Parameters Arrays(float[] model, ModelLayout? layout = null)
    {
        var parameters = new Parameters { TensorType = "numpy.ndarray" };
        foreach (var tensor in (layout ?? DoorHost.SmallLayout).Tensors)
            parameters.Tensors.Add(ByteString.CopyFrom(
                NpyFile.Serialize(model.AsSpan(tensor.Offset, tensor.Length), [.. tensor.Shape])));
        return parameters;
    }

    static ClientMessage.Types.FitRes Trained(float[] model, long examples = 7) =>
        new() { Status = new Status { Code = Code.Ok }, Parameters = Arrays(model), NumExamples = examples };

    static float[] Moved(float by) => [.. Model.Select(value => value + by)];

    [Fact]
    public async Task A_client_trains_round_by_round_and_is_sent_home()
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, joined) = await host.JoinAsync();
        for (int round = 1; round <= 3; round++)
        {
            host.Federation.Give(joined.Client, host.Task(round, Moved(round)));
            var fit = (await peer.ReceiveAsync()).FitIns;
            Assert.Equal(Arrays(Moved(round)), fit.Parameters);
            Assert.Equal(
                [("batch_size", 16.0), ("learning_rate", 0.5), ("local_epochs", 3), ("momentum", 0), ("proximal_mu", 0),
                    ("server_round", round), ("weight_decay", 0)],
                fit.Config.Where(entry => entry.Key != "optimizer").OrderBy(entry => entry.Key, StringComparer.Ordinal)
                    .Select(entry => (entry.Key, entry.Value.ScalarCase == Scalar.ScalarOneofCase.Sint64 ? entry.Value.Sint64
                        : entry.Value.Double)));
            Assert.Equal("sgd", fit.Config["optimizer"].String);

            var answer = Trained(Moved(round + 0.25f), examples: 40 + round);
            answer.Metrics["loss"] = new Scalar { Double = 1.5 / round };
            await peer.AnswerAsync(answer);
            var submitted = await host.Federation.NextAsync<FakeFederation.Submitted>();
            Assert.Equal((joined.Client, round, 40 + round, 1.5 / round),
                (submitted.Client, submitted.Task.Round, submitted.Update.Samples, submitted.Update.Loss));
            Assert.All(host.Federation.Decode(submitted.Update), value => Assert.Equal(0.25f, value));
        }

        host.Federation.Give(joined.Client, null);
        Assert.Equal(0, (await peer.ReceiveAsync()).ReconnectIns.Seconds);
        await peer.SendAsync(new ClientMessage
        {
            DisconnectRes =
            new ClientMessage.Types.DisconnectRes { Reason = Reason.Reconnect }
        });
        peer.Dispose();
        await host.Federation.NextAsync<FakeFederation.Left>();
        Assert.DoesNotContain(host.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal)
            || line.StartsWith("Critical", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_resets_the_stream_without_a_word_is_let_go_quietly()
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, null);
        await peer.ReceiveAsync();
        peer.Dispose();
        await host.Federation.NextAsync<FakeFederation.Left>();
        Assert.DoesNotContain(host.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal)
            || line.Contains("no part in round", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_update_counts_without_a_loss_and_its_refusal_does_not_end_the_stream()
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Refusal = "Round 1 has closed.";
        for (int round = 1; round <= 2; round++)
        {
            host.Federation.Give(joined.Client, host.Task(round, Model));
            await peer.ReceiveAsync();
            await peer.AnswerAsync(Trained(Model));
            Assert.Null((await host.Federation.NextAsync<FakeFederation.Submitted>()).Update.Loss);
        }

        Assert.Contains(host.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal)
            && line.Contains("has no part in round 1: Round 1 has closed.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task That_a_storage_fails_is_not_taken_for_the_clients_fault()
    {
        foreach (var failure in new Exception[] { new TimeoutException("slow disk"), new EndOfStreamException("short file"),
            new IOException("full disk") })
        {
            await using var host = await DoorHost.StartAsync();
            var (peer, joined) = await host.JoinAsync();
            host.Federation.Failure = failure;
            host.Federation.Give(joined.Client, host.Task(1, Model));
            await peer.ReceiveAsync();
            await peer.AnswerAsync(Trained(Model));
            await host.Federation.NextAsync<FakeFederation.Submitted>();
            await host.Federation.NextAsync<FakeFederation.Left>();
            Assert.Equal(StatusCode.Unknown, (await peer.RefusalAsync()).StatusCode);
            await host.Log.WaitForAsync("Error Grpc.AspNetCore.Server");
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public async Task A_client_that_diverged_loses_the_round_and_not_its_place(float value)
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, host.Task(1, Model));
        await peer.ReceiveAsync();
        float[] diverged = [.. Model];
        diverged[7] = value;
        await peer.AnswerAsync(Trained(diverged));
        var reported = await host.Federation.NextAsync<FakeFederation.Reported>();
        Assert.Equal("The change of tensor bias [3] must be finite, but is not: local training diverged. Lower the learning rate.", reported.Problem);

        host.Federation.Give(joined.Client, host.Task(2, Model));
        await peer.ReceiveAsync();
        await peer.AnswerAsync(Trained(Model));
        Assert.Equal(2, (await host.Federation.NextAsync<FakeFederation.Submitted>()).Task.Round);
    }

    [Fact]
    public async Task A_client_that_cannot_train_says_so_on_one_line()
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, host.Task(1, Model));
        await peer.ReceiveAsync();
        await peer.AnswerAsync(new() { Status = new Status { Code = Code.FitNotImplemented, Message = "no\nfit" } });
        Assert.Equal("The client answered FitNotImplemented: 'no?fit'.",
            (await host.Federation.NextAsync<FakeFederation.Reported>()).Problem);
        host.Federation.Give(joined.Client, host.Task(2, Model));
        Assert.Equal(ServerMessage.MsgOneofCase.FitIns, (await peer.ReceiveAsync()).MsgCase);
    }

    public static TheoryData<string, Action<ClientMessage>> Broken => new()
    {
        { "The answer has no parameters", message => message.FitRes.Parameters = null },
        { "must be of the type 'numpy.ndarray', but are of 'torch'", message => message.FitRes.Parameters.TensorType = "torch" },
        { "The model has 3 tensors, but 2 arrays were sent", message => message.FitRes.Parameters.Tensors.RemoveAt(0) },
        { "The model has 3 tensors, but 4 arrays were sent",
            message => message.FitRes.Parameters.Tensors.Add(message.FitRes.Parameters.Tensors[0]) },
        { "Array 0 is not tensor weight [2, 3] of the model. Payload field 'shape' at offset 60 is (3,), but it must be (2, 3).",
            message => message.FitRes.Parameters.Tensors[0] = message.FitRes.Parameters.Tensors[1] },
        { "Array 2 is not tensor scale [] of the model. The payload ends inside magic",
            message => message.FitRes.Parameters.Tensors[2] = ByteString.Empty },
        { "must be from 1 to 2147483647, but is 0", message => message.FitRes.NumExamples = 0 },
        { "must be from 1 to 2147483647, but is -9223372036854775808", message => message.FitRes.NumExamples = long.MinValue },
        { "must be answered with FitRes, but was with EvaluateRes", message => message.EvaluateRes = new() },
        { "must be answered with FitRes, but was with None", message => message.ClearMsg() },
    };

    [Theory]
    [MemberData(nameof(Broken), DisableDiscoveryEnumeration = true)]
    public async Task An_answer_that_breaks_a_rule_ends_the_stream_with_the_reason(string rule, Action<ClientMessage> breakIt)
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, host.Task(1, Model));
        await peer.ReceiveAsync();
        var message = new ClientMessage { FitRes = Trained(Model) };
        breakIt(message);
        await peer.SendAsync(message);
        Assert.Contains(rule, (await host.Federation.NextAsync<FakeFederation.Reported>()).Problem, StringComparison.Ordinal);
        await host.Federation.NextAsync<FakeFederation.Left>();
        var refusal = await peer.RefusalAsync();
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Assert.Contains(rule, refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_beyond_the_models_size_is_not_read()
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, host.Task(1, Model));
        await peer.ReceiveAsync();
        var answer = Trained(Model);
        answer.Parameters.Tensors[0] = ByteString.CopyFrom(new byte[100_000]);
        await peer.AnswerAsync(answer);
        Assert.Contains("exceeds the maximum", (await host.Federation.NextAsync<FakeFederation.Reported>()).Problem,
            StringComparison.Ordinal);
        Assert.Equal(StatusCode.ResourceExhausted, (await peer.RefusalAsync()).StatusCode);
    }

    [Fact]
    public async Task A_late_answer_is_dropped_and_the_client_takes_part_again()
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, host.Task(1, Model, TimeSpan.FromMinutes(1)));
        await peer.ReceiveAsync();
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("The client did not answer by the round's deadline.",
            (await host.Federation.NextAsync<FakeFederation.Reported>()).Problem);

        host.Federation.Give(joined.Client, host.Task(2, Model, TimeSpan.FromMinutes(1)));
        await peer.AnswerAsync(Trained(Moved(1)));
        await peer.ReceiveAsync();
        await peer.AnswerAsync(Trained(Moved(2)));
        var submitted = await host.Federation.NextAsync<FakeFederation.Submitted>();
        Assert.Equal(2, submitted.Task.Round);
        Assert.All(host.Federation.Decode(submitted.Update), value => Assert.Equal(2, value));
    }

    [Fact]
    public async Task A_client_that_stays_silent_as_long_again_is_let_go()
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, host.Task(1, Model, TimeSpan.FromMinutes(1)));
        await peer.ReceiveAsync();
        host.Time.Advance(TimeSpan.FromMinutes(1));
        await host.Federation.NextAsync<FakeFederation.Reported>();
        host.Time.Advance(TimeSpan.FromMinutes(1));
        await host.Federation.NextAsync<FakeFederation.Left>();
        Assert.Equal(StatusCode.DeadlineExceeded, (await peer.RefusalAsync()).StatusCode);
    }

    [Fact]
    public async Task A_client_that_is_late_makes_room_for_one_that_wants_to_come_in()
    {
        await using var host = await DoorHost.StartAsync(change: options => options with { MaximumClients = 1 });
        var (silent, joined) = await host.JoinAsync("silent");
        host.Federation.Give(joined.Client, host.Task(1, Model, TimeSpan.FromMinutes(1)));
        await silent.ReceiveAsync();
        Assert.Equal(StatusCode.ResourceExhausted, (await new FlowerPeer(host.Client(), "early").RefusalAsync()).StatusCode);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        await host.Federation.NextAsync<FakeFederation.Reported>();
        // It is late a moment after that is reported.
        Task entered = host.Federation.NextAsync<FakeFederation.Happening>();
        while (!entered.IsCompleted)
            await Task.WhenAny(new FlowerPeer(host.Client(), "next").RefusalAsync(), entered);
        Assert.Equal(StatusCode.ResourceExhausted, (await silent.RefusalAsync()).StatusCode);
    }

    [Fact]
    public async Task A_client_that_does_not_take_the_model_is_cut_at_the_deadline()
    {
        var layout = ModelLayout.Of([("weight", [2048, 4096], TensorRole.Weight)]);
        await using var host = await DoorHost.StartAsync(layout);
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, host.Task(1, Noise(layout.Length), TimeSpan.FromMinutes(1)));
        await host.Log.WaitForAsync("Sending message");
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("The client did not take the message in time.",
            (await host.Federation.NextAsync<FakeFederation.Reported>()).Problem);
        await host.Federation.NextAsync<FakeFederation.Left>();
        peer.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_goes_is_noticed_at_work_and_idle(bool atWork)
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, joined) = await host.JoinAsync();
        if (atWork)
        {
            host.Federation.Give(joined.Client, host.Task(1, Model));
            await peer.ReceiveAsync();
        }

        peer.Dispose();
        if (atWork)
            Assert.Equal("The client reset the stream.", (await host.Federation.NextAsync<FakeFederation.Reported>()).Problem);
        Assert.Equal(joined.Client, (await host.Federation.NextAsync<FakeFederation.Left>()).Client);
        Assert.DoesNotContain(host.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_speaks_without_being_asked_is_refused()
    {
        await using var host = await DoorHost.StartAsync();
        var (peer, _) = await host.JoinAsync();
        await peer.AnswerAsync(Trained(Model));
        var refusal = await peer.RefusalAsync();
        Assert.Equal((StatusCode.InvalidArgument, "A client must wait for an instruction, but sent FitRes."),
            (refusal.StatusCode, refusal.Detail));
    }

    [Fact]
    public async Task Models_are_measured_before_they_are_trained_where_the_door_asks_and_the_client_can()
    {
        await using var host = await DoorHost.StartAsync(change: options => options with { Measures = true });
        var (peer, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, host.Task(1, Model));
        var evaluate = (await peer.ReceiveAsync()).EvaluateIns;
        Assert.Equal((1, Arrays(Model)), (evaluate.Config["server_round"].Sint64, evaluate.Parameters));
        var found = new ClientMessage.Types.EvaluateRes { Status = new Status(), Loss = 0.5f, NumExamples = 9 };
        found.Metrics["accuracy"] = new Scalar { Double = 0.75 };
        await peer.SendAsync(new ClientMessage { EvaluateRes = found });
        Assert.Equal(new FlowerMeasure(9, 0.5, 0.75), (await host.Federation.NextAsync<FakeFederation.Measured>()).Measure);
        await peer.ReceiveAsync();
        await peer.AnswerAsync(Trained(Model));
        await host.Federation.NextAsync<FakeFederation.Submitted>();

        host.Federation.Give(joined.Client, host.Task(2, Model));
        await peer.ReceiveAsync();
        await peer.SendAsync(new ClientMessage
        {
            EvaluateRes =
            new() { Status = new Status { Code = Code.EvaluateNotImplemented } }
        });
        await peer.ReceiveAsync();
        await peer.AnswerAsync(Trained(Model));
        await host.Federation.NextAsync<FakeFederation.Submitted>();

        host.Federation.Give(joined.Client, host.Task(3, Model));
        Assert.Equal(ServerMessage.MsgOneofCase.FitIns, (await peer.ReceiveAsync()).MsgCase);
    }

    [Fact]
    public async Task A_server_that_stops_tells_idle_clients_when_to_come_back_and_others_that_it_is_gone()
    {
        await using var host = await DoorHost.StartAsync();
        var (idle, _) = await host.JoinAsync();
        var (busy, joined) = await host.JoinAsync();
        host.Federation.Give(joined.Client, host.Task(1, Model));
        await busy.ReceiveAsync();
        var gone = busy.RefusalAsync();
        var stopping = host.StopAsync();
        Assert.Equal(10, (await idle.ReceiveAsync()).ReconnectIns.Seconds);
        idle.Dispose();
        await host.Log.WaitForAsync("Error status code 'Unavailable' with detail 'The server stops. Come back later.'");
        // .NET's client may see the end of the connection before the status that came first.
        Assert.True((await gone).StatusCode is StatusCode.Unavailable or StatusCode.Internal);
        await stopping;
    }

    static float[] Noise(int length)
    {
        float[] values = new float[length];
        new Random(1).NextBytes(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
