using Plume.Compression.Randomness;
using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Learning.Execution;
using Plume.Learning.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning;

/// <summary>
/// Trains a TorchSharp module on samples in memory: any architecture, any loss. The layout has the module's parameters in the
/// order of its names, and after them its running statistics; counters, which are no floats, stay here.
/// </summary>
/// <remarks>
/// The same task gives the same bits: samples come in an order drawn from the task's key, and torch's own draws (dropout) begin
/// with it. Tasks run one after another, those of other modules too, since torch has one source of draws for a process.
/// </remarks>
public sealed class ModuleLearner : ILearner, IDisposable
{
    // Torch's draws are the process's.
    static readonly Lock turn = new();

    readonly nn.Module<Tensor, Tensor> module;
    readonly ModuleValues values;
    readonly Tensor samples;
    readonly Tensor targets;
    readonly Func<Tensor, Tensor, Tensor> loss;

    /// <summary>A learner for a module, which is the learner's from now on, as the samples are.</summary>
    /// <param name="module">Makes the module, of 32-bit floats on the CPU. Called when torch is loaded.</param>
    /// <param name="data">Makes the samples and what the module is to give for them, both [count, ...]. Called when torch is loaded.</param>
    /// <param name="loss">The mean loss of a batch, of the module's output and the targets; without it, cross-entropy of class numbers.</param>
    /// <exception cref="ArgumentException">The module has values that cannot be federated, or there are no samples, or not a target for each.</exception>
    public ModuleLearner(Func<nn.Module<Tensor, Tensor>> module, Func<(Tensor Samples, Tensor Targets)> data, Func<Tensor, Tensor, Tensor>? loss = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(data);
        TorchLibrary.EnsureLoaded();
        this.loss = loss ?? ((output, classes) => nn.functional.cross_entropy(output, classes));
        (samples, targets) = data();
        if (samples.dim() == 0 || targets.dim() == 0 || samples.shape[0] == 0 || samples.shape[0] != targets.shape[0])
            throw new ArgumentException($"There must be samples and a target for each, [count, ...], but they are [{string.Join(", ", samples.shape)}] and [{string.Join(", ", targets.shape)}].", nameof(data));
        this.module = module();
        values = new ModuleValues(this.module);
    }

    /// <inheritdoc/>
    public ModelLayout Layout => values.Layout;

    /// <summary>The module's values in the order of the layout: version 0 of a federation, say.</summary>
    public float[] GetWeights()
    {
        var weights = new float[Layout.Length];
        lock (turn)
            values.Get(weights);
        return weights;
    }

    /// <summary>Gives the module values, in the order of the layout: to use a model that came of a federation.</summary>
    /// <exception cref="ArgumentException">They are not as many as the layout has.</exception>
    public void SetWeights(ReadOnlySpan<float> weights)
    {
        if (weights.Length != Layout.Length)
            throw new ArgumentException($"The module has {Layout.Length} values, but {weights.Length} were given.", nameof(weights));
        lock (turn)
            values.Set(weights);
    }

    /// <inheritdoc/>
    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        lock (turn)
        {
            using var scope = NewDisposeScope();
            values.Set(task.Received.Span);
            manual_seed((long)task.Key.Fold("torch").Value);
            module.train();
            double mean = RunEpochs(task, cancellation);
            values.Get(trained);
            return new LocalOutcome((int)samples.shape[0], mean);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        module.Dispose();
        samples.Dispose();
        targets.Dispose();
    }

    // The mean loss over the steps of the last epoch.
    double RunEpochs(LocalTask task, CancellationToken cancellation)
    {
        var objective = task.Objective;
        Tensor[] anchors = objective.Proximal > 0 ? [.. values.Learned.Select(parameter => parameter.detach().clone())] : [];
        using var optimizer = OptimizerOf(objective);
        long[] order = [.. Enumerable.Range(0, (int)samples.shape[0]).Select(place => (long)place)];
        double mean = 0;
        for (int epoch = 0; epoch < objective.Epochs; epoch++)
        {
            new RandomDraws(task.Key.Fold("epoch").Fold((ulong)epoch)).Shuffle(order.AsSpan());
            double sum = 0;
            foreach (long[] batch in order.Chunk(objective.BatchSize))
            {
                cancellation.ThrowIfCancellationRequested();
                sum += Step(optimizer, batch, anchors, objective.Proximal);
            }

            mean = sum / Math.Ceiling((double)order.Length / objective.BatchSize);
        }

        return mean;
    }

    double Step(optim.Optimizer optimizer, long[] batch, Tensor[] anchors, double proximal)
    {
        using var scope = NewDisposeScope();
        var places = tensor(batch);
        optimizer.zero_grad();
        var error = loss(module.call(samples.index_select(0, places)), targets.index_select(0, places));
        error.backward();
        using (no_grad())
        {
            foreach (var (parameter, anchor) in values.Learned.Zip(anchors))
                parameter.grad?.add_(parameter - anchor, alpha: proximal);
        }

        optimizer.step();
        return error.ToSingle();
    }

    optim.Optimizer OptimizerOf(LocalObjective objective) => objective.Optimizer switch
    {
        LocalOptimizer.Sgd => optim.SGD(values.Learned, objective.LearningRate, objective.Momentum, weight_decay: objective.WeightDecay),
        LocalOptimizer.Adam => optim.Adam(values.Learned, objective.LearningRate, weight_decay: objective.WeightDecay),
        _ => throw new ArgumentOutOfRangeException(nameof(objective), objective.Optimizer, "There is no such optimizer."),
    };
}
