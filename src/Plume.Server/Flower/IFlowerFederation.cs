using Plume.Compression.Weights;
using Plume.Server.Flower.Messages;

namespace Plume.Server.Flower;

/// <summary>
/// What the Flower door needs of the federation behind it. Calls for one client never overlap; calls for several clients do.
/// </summary>
public interface IFlowerFederation
{
    /// <summary>The model's tensors: a Flower client sends one array for each, in this order.</summary>
    ModelLayout Layout { get; }

    /// <summary>Gives a client its place; the same name gets the same place again, for as long as it has it.</summary>
    /// <param name="name">Lower-case letters, digits, dots, dashes and slashes; it begins with <c>flower/</c>.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="InvalidOperationException">The federation takes no further client; the message says why and is sent to
    /// it.</exception>
    Task<FlowerPlace> JoinAsync(string name, CancellationToken cancellation);

    /// <summary>Waits until there is something to do for a client that has a place and has nothing to do.</summary>
    /// <param name="place">The client's place.</param>
    /// <param name="cancellation">Stops waiting: the client is gone or the server stops.</param>
    /// <returns>A task that was neither submitted nor reported yet; null where the federation has ended.</returns>
    /// <exception cref="InvalidOperationException">The client has its place no longer; the message is sent to it.</exception>
    Task<FlowerTask?> NextAsync(FlowerPlace place, CancellationToken cancellation);

    /// <summary>Takes an update; it is durable when this returns.</summary>
    /// <param name="place">Whose it is.</param>
    /// <param name="task">What it answers.</param>
    /// <param name="update">The update.</param>
    /// <param name="cancellation">Stops the work: the server stops.</param>
    /// <returns>Null where it counts, and otherwise why it does not.</returns>
    Task<string?> SubmitAsync(FlowerPlace place, FlowerTask task, FlowerUpdate update, CancellationToken cancellation);

    /// <summary>Tells that a client will not do its task, so that the round need not wait for it.</summary>
    /// <param name="place">Whose task it is.</param>
    /// <param name="task">The task.</param>
    /// <param name="problem">Why, in a sentence.</param>
    /// <param name="isMissed">Whether it took the task and is gone, or late.</param>
    Task ReportAsync(FlowerPlace place, FlowerTask task, string problem, bool isMissed = false);

    /// <summary>Tells how good a client found the model of a task on its own data, where the door asks for that.</summary>
    /// <param name="place">Who measured.</param>
    /// <param name="task">Whose model was measured, before training.</param>
    /// <param name="measure">What was found.</param>
    /// <param name="cancellation">Stops the work: the server stops.</param>
    Task MeasureAsync(FlowerPlace place, FlowerTask task, FlowerMeasure measure, CancellationToken cancellation);

    /// <summary>
    /// Tells that a client's stream has ended; it may join again under its name, and another may get its place.
    /// </summary>
    /// <param name="place">The client's place.</param>
    Task LeaveAsync(FlowerPlace place);
}

/// <summary>A Flower client's place in the federation.</summary>
/// <param name="Client">Its number, from 0.</param>
/// <param name="Name">Whose it is.</param>
public sealed record FlowerPlace(int Client, string Name);
