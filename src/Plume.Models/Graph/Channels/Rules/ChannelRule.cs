using Plume.Models.Graph.Shapes;

namespace Plume.Models.Graph.Channels.Rules;

/// <summary>From the axes of a node's inputs to those of its first output; ties what the operator ties.</summary>
delegate ChannelAxis[] ChannelRule(ChannelWalk walk, NodeInputs inputs);
