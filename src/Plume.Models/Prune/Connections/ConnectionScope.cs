namespace Plume.Models.Prune.Connections;

/// <summary>Among which weights a technique ranks.</summary>
public enum ConnectionScope
{
    /// <summary>All weights of the model together: layers end up with different rates.</summary>
    Global,

    /// <summary>Each tensor for itself: all end up with the same rate.</summary>
    Tensor,
}
