using Plume.Compression.Weights;

namespace Plume.Server.Flower;

/// <summary>
/// What the Flower door needs of the federation behind it. Calls for one client never overlap; calls for several clients do.
/// </summary>
public interface IFlowerFederation
{
    /// <summary>The model's tensors: a Flower client sends one array for each, in this order.</summary>
    ModelLayout Layout { get; }

    /// <summary>Gives a client its place; the same name gets the same place again.</summary>
    /// <param name="name">Lower-case letters, digits, dots, dashes and slashes; it begins with <c>flower/</c>.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>The client's number, from 0.</returns>
    /// <exception cref="InvalidOperationException">The federation takes no further client; the message says why and is sent to it.</exception>
    Task<int> JoinAsync(string name, CancellationToken cancellation);

    /// <summary>Waits until there is something to do for a client that has a place and has nothing to do.</summary>
    /// <param name="client">The client's number.</param>
    /// <param name="cancellation">Stops waiting: the client is gone or the server stops.</param>
    /// <returns>A task that was neither submitted nor reported yet; null where the federation has ended.</returns>
    Task<FlowerTask?> NextAsync(int client, CancellationToken cancellation);

    /// <summary>Takes an update; it is durable when this returns.</summary>
    /// <param name="client">Whose it is.</param>
    /// <param name="task">What it answers.</param>
    /// <param name="update">The update.</param>
    /// <param name="cancellation">Stops the work: the server stops.</param>
    /// <returns>Null where it counts, and otherwise why it does not.</returns>
    Task<string?> SubmitAsync(int client, FlowerTask task, FlowerUpdate update, CancellationToken cancellation);

    /// <summary>Tells that a client will not do its task, so that the round need not wait for it.</summary>
    /// <param name="client">Whose task it is.</param>
    /// <param name="task">The task.</param>
    /// <param name="problem">Why, in a sentence.</param>
    Task ReportAsync(int client, FlowerTask task, string problem);

    /// <summary>Tells how good a client found the model of a task on its own data, where the door asks for that.</summary>
    /// <param name="client">Who measured.</param>
    /// <param name="task">Whose model was measured, before training.</param>
    /// <param name="measure">What was found.</param>
    /// <param name="cancellation">Stops the work: the server stops.</param>
    Task MeasureAsync(int client, FlowerTask task, FlowerMeasure measure, CancellationToken cancellation);

    /// <summary>Tells that a client's stream has ended; it may join again under its name, and another may get its place.</summary>
    /// <param name="client">The client's number.</param>
    Task LeaveAsync(int client);
}
