using System.Collections.Concurrent;
using System.Threading.Channels;
using Plume.Compression.Codecs;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Server.Flower;
using Plume.Server.Flower.Messages;

namespace Plume.Server.Tests.Flower;

/// <summary>A federation that does what a test tells it, and tells what the door did.</summary>
sealed class FakeFederation(ModelLayout layout, int places = 10) : IFlowerFederation
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly List<string> names = [];
    readonly ConcurrentDictionary<int, Channel<FlowerTask?>> tasks = [];
    readonly Channel<Happening> happenings = Channel.CreateUnbounded<Happening>();

    public ModelLayout Layout { get; } = layout;

    /// <summary>What <see cref="SubmitAsync"/> answers.</summary>
    public string? Refusal { get; set; }

    /// <summary>What <see cref="SubmitAsync"/> throws, where it shall.</summary>
    public Exception? Failure { get; set; }

    public static LocalObjective Objective { get; } = new(Epochs: 3, BatchSize: 16, LearningRate: 0.5);

    public static FlowerTask Task(int round, float[] model, DateTimeOffset now, TimeSpan? time = null) =>
        new(round, Attempt: 1, ModelVersion: round - 1, model, Objective, Published: now,
            Deadline: now + (time ?? TimeSpan.FromMinutes(10)));

    public void Give(int client, FlowerTask? task) => Assert.True(TasksOf(client).Writer.TryWrite(task));

    /// <summary>The next thing that happens, which must be of this kind.</summary>
    public async Task<T> NextAsync<T>() where T : Happening =>
        Assert.IsAssignableFrom<T>(await happenings.Reader.ReadAsync().AsTask().WaitAsync(Patience));

    /// <summary>The values of an update.</summary>
    public float[] Decode(FlowerUpdate update)
    {
        float[] values = new float[Layout.Length];
        new PayloadDecoder(FlowerUpdate.Codec, Layout).Decode(update.Payload, values, default);
        return values;
    }

    public Task<FlowerPlace> JoinAsync(string name, CancellationToken cancellation)
    {
        lock (names)
        {
            int number = names.IndexOf(name);
            if (number < 0)
            {
                number = names.Count;
                if (number == places)
                    throw new InvalidOperationException($"All {places} places are taken.");
                names.Add(name);
            }

            Tell(new Joined(name, number));
            return System.Threading.Tasks.Task.FromResult(new FlowerPlace(number, name));
        }
    }

    public Task<FlowerTask?> NextAsync(FlowerPlace place, CancellationToken cancellation) =>
        TasksOf(place.Client).Reader.ReadAsync(cancellation).AsTask();

    public Task<string?> SubmitAsync(FlowerPlace place, FlowerTask task, FlowerUpdate update, CancellationToken cancellation)
    {
        Tell(new Submitted(place.Client, task, update));
        if (Failure is not null)
            throw Failure;
        return System.Threading.Tasks.Task.FromResult(Refusal);
    }

    public Task ReportAsync(FlowerPlace place, FlowerTask task, string problem, bool isMissed = false) =>
        Tell(new Reported(place.Client, task, problem));

    public Task MeasureAsync(FlowerPlace place, FlowerTask task, FlowerMeasure measure, CancellationToken cancellation) =>
        Tell(new Measured(place.Client, task, measure));

    public Task LeaveAsync(FlowerPlace place) => Tell(new Left(place.Client));

    Channel<FlowerTask?> TasksOf(int client) => tasks.GetOrAdd(client, _ => Channel.CreateUnbounded<FlowerTask?>());

    Task Tell(Happening happening)
    {
        Assert.True(happenings.Writer.TryWrite(happening));
        return System.Threading.Tasks.Task.CompletedTask;
    }

    internal abstract record Happening;

    internal sealed record Joined(string Name, int Client) : Happening;

    internal sealed record Submitted(int Client, FlowerTask Task, FlowerUpdate Update) : Happening;

    internal sealed record Reported(int Client, FlowerTask Task, string Problem) : Happening;

    internal sealed record Measured(int Client, FlowerTask Task, FlowerMeasure Measure) : Happening;

    internal sealed record Left(int Client) : Happening;
}
