namespace Plume.Models.Graph.Shapes;

/// <summary>From the inputs of a node to the shape of its first output.</summary>
delegate IReadOnlyList<Dimension> ShapeRule(NodeInputs inputs);
