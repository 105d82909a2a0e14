using static TorchSharp.torch;

namespace Plume.Learning.Execution.Operators;

/// <summary>Normalizations.</summary>
static class Normalization
{
    /// <summary>
    /// By the batch's mean and variance while training, which also move the running ones, by the running ones otherwise.
    /// Differs from ONNX: the running variance takes the unbiased variance of the batch, as torch does.
    /// </summary>
    public static Step Batch(NodeCompiler node)
    {
        int input = node.Needed(0), scale = node.Needed(1), shift = node.Needed(2), mean = node.Needed(3), variance = node.Needed(4), output = node.Output();
        double momentum = 1 - node.Node.Float("momentum", 0.9f), epsilon = node.Node.Float("epsilon", 1e-5f);
        return frame =>
        {
            var slots = frame.Slots;
            // A batch of one value a channel has no variance; the running one must do.
            bool training = frame.Training && slots[input].shape[0] > 1;
            slots[output] = nn.functional.batch_norm(slots[input], slots[mean], slots[variance], slots[scale], slots[shift], training, momentum, epsilon);
        };
    }
}
