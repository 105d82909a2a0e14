using Plume.Compression.Weights;

namespace Plume.Federation.Learners;

/// <summary>
/// Trains a model on data that stays where it is. Plume.Learning has one for ONNX graphs; a program may bring its own.
/// Calls may come from several threads at once, each for another client.
/// </summary>
public interface ILearner
{
    /// <summary>The model's tensors; every <see cref="LocalTask.Received"/> has its length.</summary>
    ModelLayout Layout { get; }

    /// <summary>
    /// Whether it adds <see cref="LocalTask.Correction"/> to every step's gradient and says how many steps it took: methods that
    /// correct local training need a learner that does.
    /// </summary>
    bool TakesCorrections => false;

    /// <summary>Steps that it will take for a task; 0 where it cannot say before.</summary>
    int StepsFor(LocalTask task) => 0;

    /// <summary>Whether it leaves values as they came that <see cref="LocalTask.Trained"/> says are not trained.</summary>
    bool KeepsUntrained => false;

    /// <summary>Whether it learns which of frozen weights live where <see cref="LocalTask.Masked"/> has some.</summary>
    bool LearnsMasks => false;

    /// <summary>Floats that it keeps of each client from round to round: the length of <see cref="LocalTask.Memory"/>.</summary>
    int MemoryLength => 0;

    /// <summary>The learner of one client: another one where clients train models of their own capacities.</summary>
    /// <param name="client">The client's number, from 0.</param>
    ILearner Of(int client) => this;

    /// <summary>
    /// Why it cannot train so; null where it can. A learner that knows of no teacher need not say more than that.
    /// </summary>
    /// <param name="teaching">Whom clients of the federation learn from.</param>
    string? Misfit(Teaching teaching) =>
        $"The learner {GetType().Name} learns from labels alone: use one that takes a teacher, such as GraphLearner of "
            + $"Plume.Learning.";

    /// <summary>What lets clients' own models predict; null where all train the one that travels.</summary>
    IPredictor? Predictor => null;

    /// <summary>Trains from <see cref="LocalTask.Received"/> and writes the trained weights.</summary>
    /// <param name="task">What to do.</param>
    /// <param name="trained">Receives the trained weights, one per value of the layout.</param>
    /// <param name="cancellation">Stops the work early; nothing of it is kept.</param>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation);
}

/// <summary>Measures a global model on data that the server may see.</summary>
public interface IEvaluator
{
    /// <summary>Accuracy and loss of a model whose values are in the layout's order.</summary>
    Evaluation Evaluate(ReadOnlyMemory<float> model, CancellationToken cancellation);
}
