using Plume.Compression.Weights;
using Plume.Federation.Learners;
using Plume.Learning.Execution;
using Plume.Learning.Native;
using Plume.Learning.Training;
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
    /// <param name="data">Makes the samples and what the module is to give for them, both [count, ...]. Called when torch is
    /// loaded.</param>
    /// <param name="loss">The mean loss of a batch, of the module's output and the targets; without it, cross-entropy of class
    /// numbers.</param>
    /// <exception cref="ArgumentException">The module has values that cannot be federated, or there are no samples, or not a
    /// target for each.</exception>
    public ModuleLearner(Func<nn.Module<Tensor, Tensor>> module, Func<(Tensor Samples, Tensor Targets)> data,
        Func<Tensor, Tensor, Tensor>? loss = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(data);
        TorchLibrary.EnsureLoaded();
        this.loss = loss ?? ((output, classes) => nn.functional.cross_entropy(output, classes));
        (samples, targets) = data();
        if (samples.dim() == 0 || targets.dim() == 0 || samples.shape[0] == 0 || samples.shape[0] != targets.shape[0])
            throw new ArgumentException(
                $"There must be samples and a target for each, [count, ...], but they are [{string.Join(", ", samples.shape)}] "
                    + $"and [{string.Join(", ", targets.shape)}].", nameof(data));
        this.module = module();
        values = new ModuleValues(this.module);
    }

    /// <inheritdoc/>
    public ModelLayout Layout => values.Layout;

    /// <inheritdoc/>
    public bool TakesCorrections => true;

    /// <inheritdoc/>
    public int StepsFor(LocalTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.Objective.StepsFor((int)samples.shape[0]);
    }

    /// <inheritdoc/>
    public bool KeepsUntrained => true;

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
            throw new ArgumentException($"The module has {Layout.Length} values, but {weights.Length} were given.",
                nameof(weights));
        lock (turn)
            values.Set(weights);
    }

    /// <inheritdoc/>
    public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (task.Objective.BalancesClasses)
            throw new NotSupportedException("Class weights are for learners of graphs; a module's loss is its own.");
        lock (turn)
        {
            using var scope = NewDisposeScope();
            values.Set(task.Received.Span);
            manual_seed((long)task.Key.Fold("torch").Value);
            module.train();
            var loop = new TrainingLoop(new ModuleGradients(module, values, LossOf), LoopSettings.Of(task));
            try
            {
                double mean = loop.Run([.. Enumerable.Range(0, (int)samples.shape[0])], task.Key, LiveWeights.Of(task.Live),
                    cancellation: cancellation).OfSteps;
                values.Get(trained);
                return new LocalOutcome((int)samples.shape[0], mean) { Steps = StepsFor(task) };
            }
            catch (DivergedException)
            {
                return new LocalOutcome((int)samples.shape[0], double.NaN);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        module.Dispose();
        samples.Dispose();
        targets.Dispose();
    }

    Tensor LossOf(ReadOnlyMemory<int> batch, Func<Tensor, Tensor> run)
    {
        var places = tensor(batch.ToArray().Select(place => (long)place).ToArray());
        return loss(run(samples.index_select(0, places)), targets.index_select(0, places));
    }
}
