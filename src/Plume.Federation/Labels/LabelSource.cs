namespace Plume.Federation.Labels;

/// <summary>What the server publishes of a round.</summary>
public enum LabelSource
{
    /// <summary>The sharpened mean of what clients said.</summary>
    Ensemble,

    /// <summary>What the server's student says, having learned that.</summary>
    Student,
}
